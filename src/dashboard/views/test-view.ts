import { nameOfLabel } from "../../inference/class-names.ts";
import { eventNumber } from "../../run-record/events.ts";
import { recordOf } from "../../util/records.ts";
import type { Mistake, TestedClasses, TestedNet } from "../api.ts";
import type { JudgedClasses } from "../live/judged-test.ts";
import type { WatchedNet } from "../live/test-watch.ts";
import { pixelsOf, rangeOf, recordPicture } from "./pixels.ts";

/** What a test of one net has told, as a page shows it. */
export async function testedNet(
  { index, scores, classes, why }: WatchedNet,
  names: ReadonlyMap<number, string>,
): Promise<TestedNet> {
  const numbers = Object.entries(scores).map(
    ([name, score]) => [name, eventNumber(score)] as const,
  );
  return {
    ...{ index, scores: recordOf(numbers), why },
    classes: classes && (await testedClasses(classes, names)),
  };
}

async function testedClasses(
  { records, right, classes, shown, confusion, worst, pictures }: JudgedClasses,
  names: ReadonlyMap<number, string>,
): Promise<TestedClasses> {
  const pixels = pixelsOf(pictures?.transform);
  const [channels = 1, height = 1, width = 1] = pictures?.shape ?? [];
  const mistakes: Mistake[] = [];
  for (const { record, label, guess, confidence, ofLabel, pixels: values } of worst) {
    const range = values && rangeOf(values, pixels, channels, height * width);
    mistakes.push({
      ...{ record, label, guess },
      ...{ confidence: finite(confidence), ofLabel: finite(ofLabel) },
      picture:
        values && range && (await recordPicture(values, pictures?.shape ?? [], pixels, range)),
    });
  }
  return {
    ...{ records, right, shown, confusion, worst: mistakes },
    names: Array.from({ length: classes }, (_, label) => nameOfLabel(names, label)),
  };
}

/** A probability; that of scores that are no numbers is 0. */
function finite(share: number): number {
  return Number.isFinite(share) ? share : 0;
}
