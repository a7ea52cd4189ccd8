import type { Argv, CommandModule } from "yargs";
import { apVersions } from "../../net/evaluation/average-precision.ts";
import { LabelScores } from "../../net/evaluation/label-scores.ts";
import { repeatedRecords } from "../../net/evaluation/repeated-records.ts";
import { TestScores } from "../../net/evaluation/test-scores.ts";
import { filesOfRun } from "../../new-run/run-folder.ts";
import { CaffeError } from "../../util/errors.ts";
import { numberText, outputText } from "../../util/log.ts";
import { levelFlag, precisionFlag, stageFlag, whole } from "../flags.ts";
import { type NetFlags, openNet } from "../open-net.ts";
import { type ReportFlags, report } from "../report-run.ts";
import { Console, withCommonFlags } from "../session.ts";
import { namesOf, sayMasks, sayPixels, writeConfusion } from "../test-report.ts";

/** The flags of `caffe test`, and of `caffe eval`. */
export interface TestFlags extends NetFlags, ReportFlags {
  /** A run's folder, or a net's prototxt. */
  readonly run: string | undefined;
  readonly labels: string | undefined;
  readonly confusion: string | undefined;
  readonly report: string | undefined;
}

/** Batches that are run where nothing is said, as in Caffe. */
const ITERATIONS = 50;

/** `caffe test`: mean scores of a model over some batches. */
export const test: CommandModule<object, TestFlags> = {
  command: "test [run]",
  describe: "score a model",
  builder: (yargs) =>
    withTestFlags(yargs)
      .positional("run", {
        type: "string",
        describe: "in place of --model: a folder that caffe new has made, or the net's prototxt",
      })
      .example(
        "caffe test --model=lenet_train_test.prototxt --weights=lenet_iter_10000.caffemodel --iterations=100",
        "the accuracy of a trained LeNet",
      )
      .example(
        "caffe test --model=ssd_test.prototxt --weights=ssd.caffemodel --iterations=619 --ap_version=11point",
        "mean average precision of a detector, and that of each class: iterations × batch size are the pictures",
      )
      .example(
        "caffe test --model=fcn_test.prototxt --weights=fcn.caffemodel --labels=voc --confusion=pixels.csv",
        "mean intersection over union of a segmenter, and that of each class",
      )
      .example(
        "caffe test flowers --weights=flowers/squeezenet_iter_300.caffemodel --report=out",
        "a report of what caffe new and caffe train made, as a page",
      )
      .epilogue(
        "Means of the net's outputs are told as Caffe does. Detections (DetectionEvaluate) have average precisions; scores of pixels beside labels (SegAccuracy, or else SoftmaxWithLoss, Accuracy, or outputs of both) and planes of scores beside masks (SegmentationEvaluate) have intersections over union.",
      ) as never,
  handler: runTest,
};

/** What is told by flags: which net and weights, how much data, what is written. */
export function withTestFlags<T>(yargs: Argv<T>): Argv<T> {
  return withCommonFlags(yargs)
    .option("model", { type: "string", describe: "the net's prototxt" })
    .option("weights", { type: "string", describe: "its .caffemodel" })
    .option(
      ...whole("iterations", {
        least: 1,
        describe: `batches to run; ${ITERATIONS} by default, and for a report all that the data has`,
      }),
    )
    .option(...levelFlag)
    .option(...stageFlag)
    .option(...precisionFlag)
    .option("ap_version", {
      choices: apVersions,
      default: "Integral",
      describe: "how average precisions of detections are found: as a solver's ap_version",
    })
    .option("labels", {
      type: "string",
      alias: "label_map",
      describe:
        "names of classes: a label map, a file with one a line, voc, coco or cityscapes; by default the label map that the net names",
    })
    .option("confusion", {
      type: "string",
      describe: "write how often each class is taken for each other to this file (CSV)",
    })
    .option("report", {
      type: "string",
      describe:
        "run each record of the data once, and write into this folder what the net says of them: a page (index.html), report.json, confusion.csv and .png, predictions.csv",
    })
    .option("scores_blob", {
      type: "string",
      describe: "for a report: the blob of the scores of classes, where no layer tells",
    })
    .option("labels_blob", {
      type: "string",
      describe: "for a report: the blob of the labels",
    }) as never;
}

/** @throws CaffeError where a flag would have no effect */
function checkReportFlags(flags: TestFlags): void {
  const isReport = flags.report !== undefined;
  const idle = isReport ? (["confusion"] as const) : (["scores_blob", "labels_blob"] as const);
  const given = idle.find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  throw new CaffeError(
    isReport
      ? "--confusion and --report are both given. Expected one of them: a report has confusion.csv."
      : `--${given} is given without --report=FOLDER, and has no effect. Expected both.`,
  );
}

/** The flags with what a run's folder says; what is given itself counts more. */
function withRun(flags: TestFlags): TestFlags {
  const { run } = flags;
  if (run === undefined) return flags;
  if (flags.model !== undefined) {
    throw new CaffeError(`${run} and --model=${flags.model} are both given. Expected one of them.`);
  }
  if (/\.(prototxt|pt|pbtxt)$/i.test(run)) return { ...flags, model: run };
  const { model, labels, weights } = filesOfRun(run);
  if (!flags.weights && weights === undefined) {
    throw new CaffeError(
      `${run} holds no weights (NAME_iter_N.caffemodel). Expected caffe train to have left some, or --weights=FILE.`,
    );
  }
  return {
    ...flags,
    model,
    weights: flags.weights || weights,
    labels: flags.labels ?? labels,
  };
}

/**
 * Scores a net, or makes its report.
 * @throws CaffeError where flags contradict each other or the net has nothing to score, and what nets and files throw
 */
export async function runTest(given: TestFlags): Promise<void> {
  const flags = withRun(given);
  if (!flags.weights) throw new CaffeError("Need model weights to score. Give --weights=FILE.");
  checkReportFlags(flags);
  const console = new Console();
  const { log } = console;
  const say = (message: string): void => log("info", "caffe", message);
  // A report looks at more than the net's outputs.
  const kind = flags.report === undefined ? { forInference: true } : { forwardOnly: true };
  const net = await openNet(flags, "TEST", log, { options: kind });
  try {
    if (flags.report !== undefined) {
      await report(net, flags.report, flags, console);
      return;
    }
    const iterations = flags.iterations ?? ITERATIONS;
    say(`Running for ${iterations} iterations.`);
    for (const message of repeatedRecords(net, iterations, (n) => `--iterations=${n}`)) {
      log("warning", "caffe", message);
    }
    const nameOf = namesOf(net, flags.labels);
    const scores = new TestScores(net);
    const compared = new LabelScores(net, flags.confusion !== undefined);
    let loss = 0;
    for (let i = 0; i < iterations; i++) {
      loss += await net.forward();
      const outputs = await net.outputValues();
      scores.add(outputs);
      if (scores.pixels.size === 0) await compared.add();
      for (const { name, values } of outputs) {
        // Rows of detections and elements of maps say nothing by themselves.
        const isTold = scores.isDetection(name) || scores.isOfMasks(name);
        if (isTold || compared.isCompared(name)) continue;
        for (const value of Array.from(values)) say(`Batch ${i}, ${name} = ${numberText(value)}`);
      }
    }
    say(`Loss: ${numberText(loss / iterations)}`);
    for (const { output, value, lossWeight, classes, masks } of scores.scores(flags.ap_version)) {
      if (compared.isCompared(output)) continue;
      say(outputText(output, value, lossWeight));
      if (masks) sayMasks(net, flags.labels, masks, say);
      if (classes) say(`    of ${classes.length} classes, ap_version ${flags.ap_version}`);
      for (const { label, objects, detections, averagePrecision } of classes ?? []) {
        const ap = numberText(averagePrecision);
        const name = nameOf(label, classes?.at(-1)?.label ?? label);
        say(`    ${name}: AP = ${ap} (${objects} objects, ${detections} detections)`);
      }
    }
    const hasCounts = scores.pixels.size > 0;
    sayPixels(hasCounts ? scores.pixels : compared.ofPixels, nameOf, say);
    if (flags.confusion !== undefined) {
      const all = hasCounts ? scores.pixels : compared.all;
      const name = writeConfusion(flags.confusion, all, nameOf);
      say(`Confusion of ${name} in ${flags.confusion}`);
    }
  } finally {
    net.close();
  }
}
