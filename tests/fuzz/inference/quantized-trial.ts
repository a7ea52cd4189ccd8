import { join } from "node:path";
import type { Engines } from "../../../src/engines/choose.ts";
import { createEngines } from "../../../src/engines/create.ts";
import { parsePrototxt, printPrototxt } from "../../../src/io/text/prototxt.ts";
import { Net } from "../../../src/net/net.ts";
import { quantize } from "../../../src/quantize/quantize.ts";
import { Random } from "../../../src/util/random.ts";
import { distance } from "./closeness.ts";
import { type DrawnNet, fillWeights, NetSketch } from "./draw-net.ts";

/** How much of what bytes lose an engine may be off the reference by, where that is anything. */
const [LEAST, SHARE] = [0.02, 0.7];
/** Batches: the first two are those that scales are found from, the last but one is twice as large. */
const BATCHES = 5;

const reference = createEngines({ prefer: "reference" });
const options = { phase: "TEST", silent: true } as const;

/**
 * Draws net `number` of a seed, quantizes it, and runs it as floats and as bytes: on the reference engine, and on another, fused and
 * not, for inference and not.
 * @param folder for the weights
 * @returns whether there was a net of which anything becomes bytes
 * @throws an Error with the net, where an engine's bytes differ from the reference's, or a number is none
 */
export async function tryQuantized(
  engines: Engines,
  folder: string,
  seed: number,
  number: number,
): Promise<boolean> {
  const random = new Random(seed, "quantized", number);
  const { drawn } = new NetSketch(random);
  const param = parsePrototxt("NetParameter", drawn.text);
  let float: Net;
  try {
    float = new Net(param, { ...options, engines: reference });
  } catch {
    return false;
  }
  fillWeights(float, random);
  if (random.bernoulli(0.3)) killChannels(float, random.bernoulli(0.5) ? 0 : 1e-41);
  const weights = join(folder, "weights.caffemodel");
  float.save(weights);
  try {
    const { param: quantized } = await quantize({
      ...{ param, net: { ...options, engines, weights } },
      batches: { count: 2, inputs: async (i) => batch(drawn, i) },
      method: (["minmax", "percentile", "entropy"] as const)[random.below(3)] ?? "minmax",
      ...{ percentile: 99.99, keepFloat: [], leastAgreement: 0, mostKept: 0, tell: () => {} },
    });
    const text = printPrototxt("NetParameter", quantized);
    if (/: -?(inf|nan)/i.test(text)) throw new Error(`a scale is none\n${text}`);
    await compare(drawn, float, text, engines, weights);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    if (what.includes("no layer of the net")) return false;
    throw new Error(`${what}\n${drawn.text}`, { cause: error });
  } finally {
    float.close();
  }
  return true;
}

async function compare(
  drawn: DrawnNet,
  float: Net,
  text: string,
  engines: Engines,
  weights: string,
): Promise<void> {
  const open = (more: object): Net => Net.parse(text, { ...options, engines, weights, ...more });
  using right = open({ engines: reference });
  const others = {
    plain: open({}),
    inference: open({ forInference: true }),
    sharing: open({ forwardOnly: true, sharesMemory: true }),
  };
  using unfused = open({ fuse: false });
  try {
    for (let i = 0; i < BATCHES; i++) {
      const given = batch(drawn, i % 3, i === BATCHES - 2 ? 2 : 1);
      const floats = await float.forward(given).catch(() => undefined);
      // Reshape layers with lengths of their own refuse other batches.
      if (!floats) return;
      const wanted = await right.forward(given);
      const loose = await unfused.forward(given);
      for (const [way, net] of Object.entries(others)) {
        const got = await net.forward(given);
        for (const name of Object.keys(wanted)) {
          const [is, should, exact] = [got, wanted, floats].map(
            (of) => of[name]?.values() ?? new Float32Array(),
          ) as [Float32Array, Float32Array, Float32Array];
          const wrong = is.findIndex((x, at) => !Number.isFinite(x) && Number.isFinite(exact[at]));
          if (wrong >= 0) throw new Error(`${way}, batch ${i}: ${name}[${wrong}] is ${is[wrong]}`);
          const [off, lost] = [distance(is, should), distance(should, exact)];
          if (off > LEAST && off > SHARE * lost)
            throw new Error(`${way}, batch ${i}: ${name} is off by ${off}; bytes lose ${lost}`);
          // Unfused nets round between layers too.
          const apart = distance(loose[name]?.values() ?? new Float32Array(), exact);
          if (apart > 3 * lost + 0.05)
            throw new Error(`unfused, batch ${i}: ${name} loses ${apart}; fused ${lost}`);
        }
      }
    }
  } finally {
    for (const net of Object.values(others)) net.close();
  }
}

/** The numbers of a batch: the same whenever they are asked for. */
function batch({ inputs }: DrawnNet, number: number, times = 1) {
  return Object.fromEntries(
    inputs.map(({ name, shape: [n = 1, ...rest] }) => {
      const random = new Random(number, "batch", name);
      const shape = [times * n, ...rest];
      const length = shape.reduce((all, one) => all * one, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => random.uniform(-1, 1)) }];
    }),
  );
}

/** Lets each layer's first output be nothing, or next to it. */
function killChannels(net: Net, value: number): void {
  for (const { param, blobs } of net.layers) {
    if (param.type !== "Convolution" && param.type !== "InnerProduct") continue;
    const [weights] = blobs;
    weights?.dataMem.mutableCpu().fill(value, 0, weights.count(1));
  }
}
