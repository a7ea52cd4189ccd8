import type { CommandModule } from "yargs";
import type { Net } from "../../net/net.ts";
import { CaffeError } from "../../util/errors.ts";
import { numberText } from "../../util/log.ts";
import { type NetFlags, openNet } from "../open-net.ts";
import { Console, withCommonFlags } from "../session.ts";

interface TimeFlags extends NetFlags {
  readonly iterations: number;
  readonly phase: "TRAIN" | "TEST";
}

/** `caffe time`: how long each layer takes, forward and backward, and which engine runs it. */
export const time: CommandModule<object, TimeFlags> = {
  command: "time",
  describe: "benchmark a model, layer by layer",
  builder: (yargs) =>
    withCommonFlags(yargs)
      .option("model", { type: "string", describe: "the net's prototxt" })
      .option("weights", { type: "string", describe: "its .caffemodel" })
      .option("iterations", { type: "number", default: 50, describe: "passes to average over" })
      .option("phase", {
        type: "string",
        choices: ["TRAIN", "TEST"],
        default: "TRAIN",
        describe: "the net's phase",
      })
      .option("level", { type: "number", default: 0, describe: "the net's level" })
      .option("stage", { type: "string", describe: "the net's stages, separated by commas" })
      .example(
        "caffe time --model=lenet_train_test.prototxt --iterations=20",
        "time LeNet",
      ) as never,
  handler: run,
};

async function run(flags: TimeFlags): Promise<void> {
  const { iterations } = flags;
  if (!(iterations >= 1))
    throw new CaffeError(`--iterations is ${iterations}. Expected 1 or more.`);
  const { log } = new Console();
  const say = (message: string): void => log("info", "caffe", message);
  const net = openNet(flags, flags.phase, log);
  try {
    say("Performing Forward");
    say(`Initial loss: ${numberText(await net.forward())}`);
    say("Performing Backward");
    await net.backward();
    say("*** Benchmark begins ***");
    say(`Testing for ${iterations} iterations.`);
    const layers = new LayerTimer(net);
    const startedAt = performance.now();
    let forward = 0;
    let backward = 0;
    for (let j = 1; j <= iterations; j++) {
      const begin = performance.now();
      await net.forward();
      const middle = performance.now();
      net.clearParamDiffs();
      await net.backward();
      const end = performance.now();
      forward += middle - begin;
      backward += end - middle;
      say(`Iteration: ${j} forward-backward time: ${numberText(end - begin)} ms.`);
    }
    say("Average time per layer: ");
    net.layerNames.forEach((name, i) => {
      const engine = net.layers[i]?.engineName ?? "";
      const mean = (total: number | undefined): string => numberText((total ?? 0) / iterations);
      say(`${name.padStart(10)}\tforward: ${mean(layers.forward[i])} ms.\t${engine}`);
      say(`${name.padStart(10)}\tbackward: ${mean(layers.backward[i])} ms.\t${engine}`);
    });
    say(`Average Forward pass: ${numberText(forward / iterations)} ms.`);
    say(`Average Backward pass: ${numberText(backward / iterations)} ms.`);
    say(`Average Forward-Backward: ${numberText((forward + backward) / iterations)} ms.`);
    say(`Total Time: ${numberText(performance.now() - startedAt)} ms.`);
    say("*** Benchmark ends ***");
  } finally {
    net.close();
  }
}

/** Milliseconds of each layer, summed over all passes. A layer that is fused into another takes no time of its own. */
class LayerTimer {
  readonly forward: number[] = [];
  readonly backward: number[] = [];

  constructor(net: Net) {
    let since = 0;
    const begin = (): void => {
      since = performance.now();
    };
    const end = (sums: number[]) => (i: number) => {
      sums[i] = (sums[i] ?? 0) + performance.now() - since;
    };
    net.beforeForward.push(begin);
    net.afterForward.push(end(this.forward));
    net.beforeBackward.push(begin);
    net.afterBackward.push(end(this.backward));
  }
}
