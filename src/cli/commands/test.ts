import type { CommandModule } from "yargs";
import { CaffeError } from "../../util/errors.ts";
import { numberText, outputText } from "../../util/log.ts";
import { whole, wholeOfAnySign } from "../flags.ts";
import { type NetFlags, openNet } from "../open-net.ts";
import { Console, withCommonFlags } from "../session.ts";

interface TestFlags extends NetFlags {
  readonly iterations: number;
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
    const sums: number[] = [];
    let loss = 0;
    for (let i = 0; i < flags.iterations; i++) {
      loss += await net.forward();
      let k = 0;
      for (const { name, values } of await net.outputValues()) {
        for (const value of Array.from(values)) {
          sums[k] = (sums[k] ?? 0) + value;
          k++;
          say(`Batch ${i}, ${name} = ${numberText(value)}`);
        }
      }
    }
    say(`Loss: ${numberText(loss / flags.iterations)}`);
    let k = 0;
    for (const { name, lossWeight, values } of await net.outputValues()) {
      for (let j = 0; j < values.length; j++, k++) {
        const mean = (sums[k] ?? 0) / flags.iterations;
        say(outputText(name, mean, lossWeight));
      }
    }
  } finally {
    net.close();
  }
}
