import type { CommandModule } from "yargs";
import { nameOfLabel, namesFor, readClassNames } from "../../inference/class-names.ts";
import { fileExists } from "../../io/files/file-system.ts";
import { type ApVersion, apVersions } from "../../net/evaluation/average-precision.ts";
import { TestScores } from "../../net/evaluation/test-scores.ts";
import type { Net } from "../../net/net.ts";
import { CaffeError } from "../../util/errors.ts";
import { numberText, outputText } from "../../util/log.ts";
import { whole, wholeOfAnySign } from "../flags.ts";
import { type NetFlags, openNet } from "../open-net.ts";
import { Console, withCommonFlags } from "../session.ts";

interface TestFlags extends NetFlags {
  readonly iterations: number;
  readonly ap_version: ApVersion;
  readonly label_map: string | undefined;
}

/** `caffe test`: mean scores of a model over some batches. */
export const test: CommandModule<object, TestFlags> = {
  command: "test",
  describe: "score a model",
  builder: (yargs) =>
    withCommonFlags(yargs)
      .option("model", { type: "string", describe: "the net's prototxt" })
      .option("weights", { type: "string", describe: "its .caffemodel" })
      .option(...whole("iterations", { default: 50, least: 1, describe: "batches to run" }))
      .option(...wholeOfAnySign("level", { default: 0, describe: "the net's level" }))
      .option("stage", { type: "string", describe: "the net's stages, separated by commas" })
      .option("ap_version", {
        choices: apVersions,
        default: "Integral",
        describe: "how average precisions of detections are found: as a solver's ap_version",
      })
      .option("label_map", {
        type: "string",
        describe:
          "names of classes: a label map, a file with one a line, voc, or coco; by default the label map that the net names",
      })
      .example(
        "caffe test --model=lenet_train_test.prototxt --weights=lenet_iter_10000.caffemodel --iterations=100",
        "the accuracy of a trained LeNet",
      ) as never,
  handler: run,
};

async function run(flags: TestFlags): Promise<void> {
  if (!flags.weights) throw new CaffeError("Need model weights to score. Give --weights=FILE.");
  const { log } = new Console();
  const say = (message: string): void => log("info", "caffe", message);
  const net = await openNet(flags, "TEST", log, { options: { forwardOnly: true } });
  try {
    say(`Running for ${flags.iterations} iterations.`);
    const nameOf = namesOf(net, flags.label_map);
    const scores = new TestScores(net);
    let loss = 0;
    for (let i = 0; i < flags.iterations; i++) {
      loss += await net.forward();
      const outputs = await net.outputValues();
      scores.add(outputs);
      for (const { name, values } of outputs) {
        // Rows of detections say nothing by themselves.
        if (scores.isDetection(name)) continue;
        for (const value of Array.from(values)) say(`Batch ${i}, ${name} = ${numberText(value)}`);
      }
    }
    say(`Loss: ${numberText(loss / flags.iterations)}`);
    for (const { output, value, lossWeight, classes } of scores.scores(flags.ap_version)) {
      say(outputText(output, value, lossWeight));
      for (const { label, objects, detections, averagePrecision } of classes ?? []) {
        const ap = numberText(averagePrecision);
        const name = nameOf(label, classes?.at(-1)?.label ?? label);
        say(`    ${name}: AP = ${ap} (${objects} objects, ${detections} detections)`);
      }
    }
    sayPixels(scores, nameOf, say);
  } finally {
    net.close();
  }
}

/** What a confusion of classes says: means over the classes that are there, and a line for each. */
function sayPixels(scores: TestScores, nameOf: NameOf, say: (message: string) => void): void {
  for (const [layer, pixels] of scores.pixels) {
    const classes = pixels.classes();
    const meanOf = (values: readonly number[]): string => {
      const known = values.filter((value) => !Number.isNaN(value));
      return numberText(known.reduce((sum, value) => sum + value, 0) / known.length);
    };
    const iou = meanOf(classes.map((one) => one.iou));
    const recall = meanOf(classes.map((one) => one.recall));
    const accuracy = numberText(pixels.accuracy());
    say(`${layer}: mean IoU = ${iou}, pixel accuracy = ${accuracy}, mean recall = ${recall}`);
    for (const { label, places, recall: own, iou: overlap } of classes) {
      const name = nameOf(label, classes.length - 1);
      say(
        `    ${name}: IoU = ${numberText(overlap)}, recall = ${numberText(own)} (${places} pixels)`,
      );
    }
  }
}

/** What a label is called, in a net whose last label is given. */
type NameOf = (label: number, last: number) => string;

/** Names of labels: those asked for, or those of the label map that a layer of the net names, if it is there. */
function namesOf(net: Net, given: string | undefined): NameOf {
  const named = net.layers.flatMap(({ param }) => [
    param.detection_output_param?.save_output_param?.label_map_file ?? "",
    param.annotated_data_param?.label_map_file ?? "",
  ]);
  const source = given ?? named.find((file) => file !== "" && fileExists(file));
  const names = source === undefined ? undefined : readClassNames(source);
  return (label, last) => nameOfLabel(namesFor(names, last + 1), label);
}
