import type { ClassNames } from "../inference/class-names.ts";
import type { ApVersion } from "../net/evaluation/average-precision.ts";
import { TestScores } from "../net/evaluation/test-scores.ts";
import type { Net } from "../net/net.ts";
import { recordOf } from "../util/records.ts";
import { ClassifierCollector } from "./classifier.ts";
import { type DataPass, planPass, runPass } from "./collect/data-pass.ts";
import { detectionLayer } from "./collect/detected.ts";
import { areLabels, type BlobChoice, findScored } from "./collect/scored.ts";
import { DetectorCollector } from "./detector.ts";
import { MultiLabelCollector } from "./multi-label.ts";
import type { Collector, Report } from "./report.ts";
import { SegmenterCollector } from "./segmenter.ts";

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
  /** How average precisions of detections are found. */
  readonly apVersion: ApVersion;
}

/** How making a report is told of. */
interface ReportHooks {
  /** Is told what will be read before it begins. */
  readonly onPlan: (pass: DataPass) => void;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Runs a net over its data once, each record once, and measures what it says: detections where it evaluates them, else classes
 * of pixels or of whole records, or labels of which a record may have several.
 *
 * @throws CaffeError where it has no data whose end is known, or no scores and labels to compare
 */
export async function makeReport(
  net: Net,
  wishes: ReportWishes,
  { onPlan, onProgress }: ReportHooks,
): Promise<Report> {
  const pass = planPass(net, wishes.batches);
  try {
    onPlan(pass);
    const outputs = new TestScores(net);
    const collectors: Collector[] = [];
    await runPass(
      net,
      pass,
      async (first, count) => {
        outputs.add(await net.outputValues());
        // What the net compares is known after a pass.
        if (first === 0) collectors.push(await collectorFor(net, pass, wishes));
        for (const collector of collectors) await collector.add(first, count);
      },
      onProgress,
    );
    const { model, weights, apVersion } = wishes;
    const facts = {
      ...{ title: net.name || model, model, weights, pass },
      outputs: scalarsOf(outputs, apVersion),
    };
    const [collector] = collectors;
    // A pass has one record or more, for no source is empty.
    return await (collector as Collector).report(facts);
  } finally {
    pass.names?.close();
  }
}

async function collectorFor(net: Net, pass: DataPass, wishes: ReportWishes): Promise<Collector> {
  const { blobs, names, apVersion } = wishes;
  const isNamed = blobs.scores !== undefined || blobs.labels !== undefined;
  const detections = isNamed ? undefined : detectionLayer(net);
  if (detections !== undefined)
    return new DetectorCollector(net, detections, pass, names, apVersion);
  const scored = await findScored(net, blobs);
  if (areLabels(scored.scores, scored.labels)) return new MultiLabelCollector(scored, pass, names);
  return scored.scores.count(2) > 1
    ? new SegmenterCollector(scored, pass, names)
    : new ClassifierCollector(scored, pass, names);
}

/** The net's outputs that are one number each: means over the batches. */
function scalarsOf(outputs: TestScores, version: ApVersion): Readonly<Record<string, number>> {
  const single = outputs.scores(version).filter(({ output, name }) => output === name);
  return recordOf(single.map(({ name, value }) => [name, value]));
}
