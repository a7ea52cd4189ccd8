import type { CommandModule } from "yargs";
import type { Device } from "../../engines/engine.ts";
import type { Net } from "../../net/net.ts";
import { LayerTimer } from "../../net/tools/layer-times.ts";
import { numberText } from "../../util/log.ts";
import { levelFlag, precisionFlag, stageFlag, whole } from "../flags.ts";
import { LayerWork } from "../layer-work.ts";
import { type NetFlags, openNet } from "../open-net.ts";
import { Console, withCommonFlags } from "../session.ts";

interface TimeFlags extends NetFlags {
  readonly iterations: number;
  readonly phase: "TRAIN" | "TEST";
  readonly verbose: boolean;
}

/** `caffe time`: how long each layer takes, forward and backward, and which engine runs it. */
export const time: CommandModule<object, TimeFlags> = {
  command: "time",
  describe: "benchmark a model, layer by layer",
  builder: (yargs) =>
    withCommonFlags(yargs)
      .option("model", { type: "string", describe: "the net's prototxt" })
      .option("weights", { type: "string", describe: "its .caffemodel" })
      .option(...whole("iterations", { default: 50, least: 1, describe: "passes to average over" }))
      .option("phase", {
        type: "string",
        choices: ["TRAIN", "TEST"],
        default: "TRAIN",
        describe: "the net's phase",
      })
      .option("verbose", {
        type: "boolean",
        default: false,
        describe:
          "say which algorithm ran each layer, at which rate, and how often data changed its layout",
      })
      .option(...levelFlag)
      .option(...stageFlag)
      .option(...precisionFlag)
      .example("caffe time --model=lenet_train_test.prototxt --iterations=20", "time LeNet")
      .example(
        "caffe time --model=train_val.prototxt --verbose",
        "with GFLOP/s, algorithms and reorders of each layer",
      )
      .example(
        "caffe time --model=lenet_train_test.prototxt --gpu=0",
        "by the GPU's own clock, with what moves to and from it",
      ) as never,
  handler: run,
};

async function run(flags: TimeFlags): Promise<void> {
  const { iterations } = flags;
  const { log } = new Console();
  const say = (message: string): void => log("info", "caffe", message);
  // Arrays share memory as they do in `caffe train`.
  const net = await openNet(flags, flags.phase, log, { options: { sharesMemory: true } });
  try {
    say("Performing Forward");
    say(`Initial loss: ${numberText(await net.forward())}`);
    const isForwardOnly = net.isForwardOnly;
    if (isForwardOnly) say("A net with quantization_param has no backward.");
    else {
      say("Performing Backward");
      await net.backward();
    }
    await net.device?.finish();
    say("*** Benchmark begins ***");
    say(`Testing for ${iterations} iterations.`);
    const device = net.device?.canTime ? new DeviceTimer(net, net.device) : undefined;
    const layers = device ?? new LayerTimer(net);
    const work = flags.verbose ? new LayerWork(net) : undefined;
    const before = { ...net.device?.traffic };
    const startedAt = performance.now();
    let forward = 0;
    let backward = 0;
    for (let j = 1; j <= iterations; j++) {
      const begin = performance.now();
      await net.forward();
      await net.device?.finish();
      const middle = performance.now();
      if (!isForwardOnly) {
        net.clearParamDiffs();
        await net.backward();
      }
      await net.device?.finish();
      const end = performance.now();
      forward += middle - begin;
      backward += end - middle;
      await device?.endIteration();
      say(`Iteration: ${j} forward-backward time: ${numberText(end - begin)} ms.`);
    }
    say("Average time per layer: ");
    net.layerNames.forEach((name, i) => {
      const engine = net.layers[i]?.engineName ?? "";
      for (const direction of isForwardOnly ? forwardAlone : bothWays) {
        const total = layers[direction][i] ?? 0;
        const how = work?.text(i, direction, iterations, total);
        const mean = numberText(total / iterations);
        say(`${name.padStart(10)}\t${direction}: ${mean} ms.\t${engine}${how ? `\t${how}` : ""}`);
      }
    });
    say(`Average Forward pass: ${numberText(forward / iterations)} ms.`);
    say(`Average Backward pass: ${numberText(backward / iterations)} ms.`);
    say(`Average Forward-Backward: ${numberText((forward + backward) / iterations)} ms.`);
    if (work) say(work.total(iterations));
    if (net.device) sayTraffic(net.device, before, iterations, say);
    sayMemory(net, say);
    say(`Total Time: ${numberText(performance.now() - startedAt)} ms.`);
    say("*** Benchmark ends ***");
  } finally {
    net.close();
  }
}

const forwardAlone = ["forward"] as const;
const bothWays = ["forward", "backward"] as const;

/** The memory that the net's plan comes to: of its parameters, of what comes and goes in a pass, and of the process. */
function sayMemory(net: Net, say: (message: string) => void): void {
  const mib = (bytes: number): string => numberText(bytes / 2 ** 20);
  const parameters = Float32Array.BYTES_PER_ELEMENT * net.parameterCount;
  const arrays = net.layers.find(({ engine }) => engine.work)?.engine.work?.peakBytes;
  const planned = arrays === undefined ? "" : `, arrays in the engine's layouts ${mib(arrays)} MiB`;
  const { maxRSS } = process.resourceUsage();
  say(
    `Peak memory: parameters ${mib(parameters)} MiB${planned}, the whole process ${mib(1024 * maxRSS)} MiB.`,
  );
}

/** What an iteration moves between host and device, and what lies there. */
function sayTraffic(
  { traffic, memoryBytes, canTime }: Device,
  before: Partial<Device["traffic"]>,
  iterations: number,
  say: (message: string) => void,
): void {
  const mean = (name: keyof Device["traffic"]): number =>
    (traffic[name] - (before[name] ?? 0)) / iterations;
  say(
    `Moved in an iteration: ${numberText(mean("uploaded"))} bytes to the GPU, ${numberText(mean("downloaded"))} bytes from it.`,
  );
  say(`Memory on the GPU: ${numberText(memoryBytes / 2 ** 20)} MiB.`);
  if (!canTime) {
    say("Times of layers are the host's: this GPU offers no timestamps.");
  }
}

/** The same by the device's own clock: the host is done with a layer before the device begins it. */
class DeviceTimer {
  readonly forward: number[] = [];
  readonly backward: number[] = [];
  readonly #device: Device;

  constructor(net: Net, device: Device) {
    this.#device = device;
    device.startTiming();
    net.beforeForward.push((i) => device.mark(`forward ${i}`));
    net.beforeBackward.push((i) => device.mark(`backward ${i}`));
  }

  async endIteration(): Promise<void> {
    for (const [tag, elapsedMs] of await this.#device.readTimes()) {
      const [direction, layer] = tag.split(" ");
      const sums = direction === "forward" ? this.forward : this.backward;
      sums[Number(layer)] = (sums[Number(layer)] ?? 0) + elapsedMs;
    }
  }
}
