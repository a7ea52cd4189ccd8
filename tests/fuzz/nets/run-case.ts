import type { Engines } from "../../../src/engines/choose.ts";
import { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { CaffeError } from "../../../src/util/errors.ts";
import { Random } from "../../../src/util/random.ts";
import { type Shape, sameShape } from "../../../src/util/shape.ts";
import type { FuzzCase, Pass } from "./fuzz-case.ts";

/** What one pass left, by what it is: `loss`, `data NAME`, `diff NAME`, `param LAYER[i]`, `dparam LAYER[i]`. */
export type Results = ReadonlyMap<string, Numbers>;

export interface Numbers {
  readonly shape: Shape;
  readonly values: Float64Array;
}

/** What became of a case. */
export interface Outcome {
  readonly passes: readonly Results[];
  /** Ended it: a CaffeError, which may be right, or anything else, which is a fault. */
  readonly error?: { readonly name: string; readonly message: string; readonly isOurs: boolean };
}

/** How a case is to be run. */
export interface Way {
  readonly engines: Engines;
  readonly options?: Partial<NetOptions>;
  /** Only what stays where memory is given up: outputs, losses, and gradients of parameters. */
  readonly seesEnds?: boolean;
  /** Called with the net before its first pass. */
  readonly prepare?: (net: Net) => void;
}

/** Runs a case, and keeps all numbers that a user can see. */
export async function runCase(fuzzCase: FuzzCase, way: Way): Promise<Outcome> {
  const passes: Results[] = [];
  let net: Net | undefined;
  try {
    net = new Net(fuzzCase.param, {
      engines: way.engines,
      phase: fuzzCase.phase,
      seed: fuzzCase.seed,
      ...way.options,
    });
    writeParameters(net, fuzzCase.seed);
    way.prepare?.(net);
    for (const [n, pass] of fuzzCase.passes.entries()) {
      passes.push(await runPass(net, fuzzCase.seed, n, pass, way));
    }
    return { passes };
  } catch (error) {
    const { name, message, stack } = error as Error;
    const isOurs = error instanceof CaffeError;
    return { passes, error: { name, message: isOurs ? message : (stack ?? message), isOurs } };
  } finally {
    net?.close();
  }
}

async function runPass(net: Net, seed: number, n: number, pass: Pass, way: Way): Promise<Results> {
  const results = new Map<string, Numbers>();
  writeInputs(net, pass);
  const loss = await net.forward();
  await net.toHost();
  results.set("loss", { shape: [], values: Float64Array.of(loss) });
  const names = way.seesEnds ? net.outputs : net.blobNames;
  for (const name of names) {
    const blob = net.blob(name);
    results.set(`data ${name}`, numbers(blob.shape, blob.values()));
  }
  if (!way.options?.forwardOnly) {
    if (!pass.accumulates) net.clearParamDiffs();
    writeOutputDiffs(net, seed, n);
    await net.backward();
    await net.toHost();
    net.layers.forEach((layer, i) => {
      if (layer.param.type !== "Input" || way.seesEnds) return;
      for (const [t, blob] of (net.topBlobs[i] ?? []).entries()) {
        // What nobody computed may be anything.
        if (!isComputed(net, net.topNames(net.layerNames[i] ?? "")[t] ?? "")) continue;
        results.set(`diff ${layer.param.name}`, numbers(blob.shape, blob.diffValues()));
      }
    });
  }
  for (const { layer, index, blob } of net.learnableParams) {
    results.set(`param ${layer}[${index}]`, numbers(blob.shape, blob.values()));
    if (way.options?.forwardOnly) continue;
    results.set(`dparam ${layer}[${index}]`, numbers(blob.shape, blob.diffValues()));
  }
  return results;
}

/** Whether backward computes the gradient of that blob. */
function isComputed(net: Net, name: string): boolean {
  return net.layers.some(
    ({ param }, i) =>
      net.layerNeedsBackward[i] &&
      (param.bottom ?? []).some((bottom, b) => bottom === name && net.bottomNeedsBackward[i]?.[b]),
  );
}

function numbers(shape: Shape, values: ArrayLike<number>): Numbers {
  return { shape, values: Float64Array.from(values) };
}

function writeInputs(net: Net, pass: Pass): void {
  let isReshaped = false;
  for (const [name, { shape, values }] of Object.entries(pass.inputs)) {
    const blob = net.blob(name);
    if (!sameShape(shape, blob.shape)) {
      blob.reshape(shape);
      isReshaped = true;
    }
    blob.dataMem.overwriteCpu().set(values);
  }
  if (isReshaped) net.reshape();
}

/** Parameters follow from the layer's name, so that they stay when other layers go. */
export function writeParameters(net: Net, seed: number): void {
  for (const { layer, index, blob, lrMult } of net.learnableParams) {
    const random = new Random(seed, "parameter", layer, index);
    // A deviation of no variance: statistics are all alike but for their mean.
    const isStatistics = net.layer(layer).param.type === "BatchNorm" && lrMult === 0;
    const draw = (): number =>
      isStatistics
        ? ([random.uniform(-1, 1), random.uniform(0.3, 2), 1][index] ?? 1)
        : random.uniform(-1, 1);
    const values = Float64Array.from({ length: blob.count() }, () => Math.fround(draw()));
    blob.dataMem.overwriteCpu().set(values);
  }
}

/** Gradients of what is no loss. */
function writeOutputDiffs(net: Net, seed: number, pass: number): void {
  net.topBlobs.forEach((tops, i) => {
    tops.forEach((top, t) => {
      const name = net.topNames(net.layerNames[i] ?? "")[t] ?? "";
      if (net.lossWeights[i]?.[t] || !net.outputs.includes(name)) return;
      const random = new Random(seed, "gradient", name, pass);
      const values = Float64Array.from({ length: top.count() }, () =>
        Math.fround(random.uniform(-1, 1)),
      );
      top.diffMem.overwriteCpu().set(values);
    });
  });
}
