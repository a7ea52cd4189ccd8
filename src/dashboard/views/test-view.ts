import { mapColour } from "../../draw/palette.ts";
import { nameOfLabel } from "../../inference/class-names.ts";
import { mapPicture } from "../../report/collect/map-picture.ts";
import { measureSegmentation } from "../../report/measures/segmentation.ts";
import { eventNumber } from "../../run-record/events.ts";
import type { Box } from "../../util/box.ts";
import { recordOf } from "../../util/records.ts";
import type {
  JudgedBox,
  Mistake,
  MistakenObjects,
  MistakenPicture,
  Picture,
  TestedClasses,
  TestedNet,
  TestedObjects,
  TestedPixels,
} from "../api.ts";
import type { JudgedClasses } from "../live/judged/classes.ts";
import { shownConfusion } from "../live/judged/most-mistaken.ts";
import type { JudgedObjects } from "../live/judged/objects.ts";
import type { JudgedPixels } from "../live/judged/pixels.ts";
import type { Pictures } from "../live/net-watch.ts";
import type { WatchedNet } from "../live/test-watch.ts";
import { pixelsOf, rangeOf, recordPicture } from "./pixels.ts";

type NameOf = (label: number) => string;
/** The picture of a record as the net has seen it. */
type Draw = (values: Float32Array | undefined) => Promise<Picture | undefined>;

/** What a test of one net has told, as a page shows it. */
export async function testedNet(
  { index, scores, judged, pictures, why }: WatchedNet,
  names: ReadonlyMap<number, string>,
): Promise<TestedNet> {
  const numbers = Object.entries(scores).map(
    ([name, score]) => [name, eventNumber(score)] as const,
  );
  const nameOf: NameOf = (label) => nameOfLabel(names, label);
  const draw = drawingOf(pictures);
  return {
    ...{ index, scores: recordOf(numbers), why },
    classes: judged?.kind === "classes" ? await testedClasses(judged, nameOf, draw) : undefined,
    pixels: judged?.kind === "pixels" ? await testedPixels(judged, nameOf, draw) : undefined,
    objects:
      judged?.kind === "objects"
        ? await testedObjects(judged, nameOf, draw, pictures?.shape ?? [])
        : undefined,
  };
}

function drawingOf(pictures: Pictures | undefined): Draw {
  const { shape = [], transform } = pictures ?? {};
  const pixels = pixelsOf(transform);
  const [channels = 1, height = 1, width = 1] = shape;
  return async (values) =>
    values &&
    recordPicture(values, shape, pixels, rangeOf(values, pixels, channels, height * width));
}

async function testedClasses(
  { records, right, classes, shown, confusion, worst }: JudgedClasses,
  nameOf: NameOf,
  draw: Draw,
): Promise<TestedClasses> {
  const mistakes: Mistake[] = [];
  for (const { record, label, guess, confidence, ofLabel, pixels } of worst) {
    mistakes.push({
      ...{ record, label, guess, picture: await draw(pixels) },
      ...{ confidence: finite(confidence), ofLabel: finite(ofLabel) },
    });
  }
  return {
    ...{ records, right, shown, confusion, worst: mistakes },
    names: Array.from({ length: classes }, (_, label) => nameOf(label)),
  };
}

async function testedPixels(
  { records, confusion, worst }: JudgedPixels,
  nameOf: NameOf,
  draw: Draw,
): Promise<TestedPixels> {
  const { classes: count, counts } = confusion;
  const { accuracy, meanIou, classes } = measureSegmentation(confusion);
  const mistakes: MistakenPicture[] = [];
  for (const one of worst) {
    const { record, maps } = one;
    mistakes.push({
      ...{ record, picture: await draw(one.pixels) },
      ...{ accuracy: eventNumber(one.accuracy), meanIou: eventNumber(one.meanIou) },
      maps: maps && {
        truth: await mapPicture(maps, maps.truth),
        guess: await mapPicture(maps, maps.guess),
      },
    });
  }
  return {
    ...{ records, accuracy: eventNumber(accuracy), meanIou: eventNumber(meanIou) },
    names: classes.map(({ label }) => nameOf(label)),
    ious: classes.map(({ iou }) => eventNumber(iou)),
    colours: classes.map(({ label }) => `rgb(${mapColour(label).join(" ")})`),
    ...shownConfusion(counts, count),
    worst: mistakes,
  };
}

async function testedObjects(
  { records, meanAveragePrecision, classes, worst }: JudgedObjects,
  nameOf: NameOf,
  draw: Draw,
  [, height = 1, width = 1]: readonly number[],
): Promise<TestedObjects> {
  const boxOf = (
    kind: JudgedBox["kind"],
    { label, box: [left, top, right, bottom], score }: Marked,
  ): JudgedBox => ({
    ...{ kind, label, name: nameOf(label), score },
    ...{ x: left * width, y: top * height },
    ...{ width: (right - left) * width, height: (bottom - top) * height },
  });
  const mistakes: MistakenObjects[] = [];
  for (const { record, pixels, found, missed, right, wrong } of worst) {
    const boxes = [
      ...found.map((one) => boxOf("there", one)),
      ...right.map((one) => boxOf("right", one)),
      ...missed.map((one) => boxOf("missed", one)),
      ...wrong.map((one) => boxOf("wrong", one)),
    ];
    mistakes.push({ record, picture: await draw(pixels), boxes });
  }
  return {
    ...{ records, meanAveragePrecision: eventNumber(meanAveragePrecision), worst: mistakes },
    classes: classes.map(({ label, objects, detections, right, averagePrecision }) => ({
      ...{ name: nameOf(label), objects, detections, right },
      averagePrecision: eventNumber(averagePrecision),
    })),
  };
}

/** What is there, or was found; its box in shares of the picture. */
interface Marked {
  readonly label: number;
  readonly box: Box;
  readonly score?: number;
}

/** A probability; that of scores that are no numbers is 0. */
function finite(share: number): number {
  return Number.isFinite(share) ? share : 0;
}
