import { type ClassNames, nameOfLabel, namesFor } from "../inference/class-names.ts";
import { TestScores } from "../net/evaluation/test-scores.ts";
import type { Net } from "../net/net.ts";
import { recordOf } from "../util/records.ts";
import type { ClassifierReport, Mistake } from "./classifier-report.ts";
import { ClassifiedRecords } from "./collect/classified.ts";
import { type DataPass, planPass, runPass } from "./collect/data-pass.ts";
import { type BlobChoice, findScored } from "./collect/scored.ts";
import { thumbnailOf } from "./collect/thumbnail.ts";
import { measureClassification } from "./measures/classification.ts";
import type { JudgedRecords } from "./measures/judged.ts";

/** So many mistakes are shown. */
const MOST_MISTAKES = 24;

/** What a report is to be made of. */
interface ReportWishes {
  readonly model: string;
  readonly weights: string;
  /** The blobs to compare, where the net does not tell. */
  readonly blobs: BlobChoice;
  /** At most so many batches; all of the data by default. */
  readonly batches: number | undefined;
  /** What the classes are called; by their numbers by default. */
  readonly names: ClassNames | undefined;
}

/** How making a report is told of. */
interface ReportHooks {
  /** Is told what will be read before it begins. */
  readonly onPlan: (pass: DataPass) => void;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Runs a net over its data once, each record once, and measures what it says.
 * @throws CaffeError where it has no data whose end is known, or no scores and labels to compare
 */
export async function makeReport(
  net: Net,
  wishes: ReportWishes,
  { onPlan, onProgress }: ReportHooks,
): Promise<ClassifierReport> {
  const pass = planPass(net, wishes.batches);
  try {
    onPlan(pass);
    const outputs = new TestScores(net);
    let classified: { readonly records: ClassifiedRecords; readonly source: string } | undefined;
    await runPass(
      net,
      pass,
      async (first, count) => {
        outputs.add(await net.outputValues());
        classified ??= await startClassified(net, pass, wishes.blobs);
        await classified.records.add(first, count);
      },
      onProgress,
    );
    // A pass has one batch or more.
    const { records, source } = classified as NonNullable<typeof classified>;
    const { judged, numbers } = records;
    const { model, weights } = wishes;
    const names = namesFor(wishes.names, judged.classes);
    return {
      facts: {
        title: net.name || model,
        model,
        weights,
        pass,
        judged: numbers.length,
        outputs: scalarsOf(outputs),
      },
      source,
      names: Array.from({ length: judged.classes }, (_, label) => nameOfLabel(names, label)),
      judged,
      measures: measureClassification(judged),
      numbers,
      records: numbers.map((record) => pass.names?.name(record) ?? ""),
      mistakes: await mistakesOf(judged, numbers, pass),
    };
  } finally {
    pass.names?.close();
  }
}

async function startClassified(
  net: Net,
  pass: DataPass,
  blobs: BlobChoice,
): Promise<{ readonly records: ClassifiedRecords; readonly source: string }> {
  const scored = await findScored(net, blobs);
  return { records: new ClassifiedRecords(scored, pass), source: scored.source };
}

/** The most confident mistakes, with pictures where the source has them. */
async function mistakesOf(
  { better, confidences }: JudgedRecords,
  numbers: readonly number[],
  { names }: DataPass,
): Promise<Mistake[]> {
  const wrong = [...numbers.keys()].filter((at) => better[at] !== 0);
  const surest = wrong
    .sort((a, b) => (confidences[b] ?? 0) - (confidences[a] ?? 0) || a - b)
    .slice(0, MOST_MISTAKES);
  const mistakes: Mistake[] = [];
  for (const at of surest) {
    const raster = await names?.picture(numbers[at] ?? 0);
    mistakes.push({ at, picture: raster && (await thumbnailOf(raster)) });
  }
  return mistakes;
}

/** The net's outputs that are one number each: means over the batches. */
function scalarsOf(outputs: TestScores): Readonly<Record<string, number>> {
  const single = outputs.scores("Integral").filter(({ output, name }) => output === name);
  return recordOf(single.map(({ name, value }) => [name, value]));
}
