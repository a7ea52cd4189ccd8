import { Blob } from "../../blob/blob.ts";
import type { Layer } from "../../layers/base/layer.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { NetError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import type { Shape } from "../../util/shape.ts";
import type { Net } from "../net.ts";

/** How gradients are compared. */
export interface GradientCheckOptions {
  /** How far an element is moved to both sides; 1e-5 by default. */
  readonly step?: number;
  /** The largest relative error that passes; 1e-6 by default. */
  readonly threshold?: number;
  /** Elements taken of each blob, at random; all by default. */
  readonly samples?: number;
  /** Random numbers of the check derive from it; 1 by default. */
  readonly seed?: number;
}

/** One element's gradient, as backward computed it and as differences show it. */
export interface GradientDeviation {
  readonly layer: string;
  /** `bottom 0 'data'`, or `param 1`. */
  readonly blob: string;
  readonly index: Shape;
  readonly computed: number;
  readonly numeric: number;
  /** |computed − numeric|, relative to the gradient's size. */
  readonly error: number;
}

/** What a check found. */
export interface GradientReport {
  /** Elements compared. */
  readonly checked: number;
  /** Elements that lie on a kink: the gradient is one of several that are right. */
  readonly kinks: number;
  /** The element with the largest error; undefined where nothing was compared. */
  readonly worst: GradientDeviation | undefined;
  /** Elements whose error is above the threshold. */
  readonly failures: readonly GradientDeviation[];
}

/** A blob to be varied: evaluation reads `values`, backward found `gradient`. */
interface Variable {
  readonly layer: string;
  readonly blob: string;
  readonly shape: Shape;
  readonly values: FloatArray;
  readonly gradient: FloatArray;
}

/** What the objective is a weighted sum of, after one evaluation. */
type Terms = readonly FloatArray[];

/** Steps that are tried until one agrees: larger ones where rounding hides the difference, smaller ones beside a kink. */
const STEPS = [1, 16, 256, 1 / 4, 1 / 16];

/** A gradient counts as no smaller than this when an error is made relative. */
const LEAST_SCALE = 1e-3;

/**
 * Compares the backward of one layer with central differences of its forward.
 *
 *     ∂E/∂x ≈ (E(x + h) − E(x − h)) / 2h,   E = Σ w · top,  w random
 *
 * for elements of its bottoms and of its parameters. An error is relative to the element's gradient, or to the
 * largest one of its blob up to 1 where that is larger. Where it is too large other steps are tried: larger ones,
 * where rounding hides the difference, and smaller ones, beside kinks such as ReLU's. On a kink itself a gradient
 * between those of both sides is right.
 *
 * The layers before it must have run; when this ends it has run too.
 *
 * @param net built in float64 and with `force_backward`
 * @throws NetError where the net is not in float64
 * @see Caffe's GradientChecker
 */
export async function checkLayerGradient(
  net: Net,
  index: number,
  options: GradientCheckOptions = {},
): Promise<GradientReport> {
  checkFloat64(net);
  const layer = net.layers[index];
  if (!layer) throw new NetError(`net "${net.name}" has no layer ${index}.`);
  if (isSource(net, index)) return { checked: 0, kinks: 0, worst: undefined, failures: [] };
  const name = net.layerNames[index] ?? "";
  const [bottoms, tops] = [net.bottomBlobs[index] ?? [], net.topBlobs[index] ?? []];
  const random = new Random(options.seed ?? 1, "gradient check", name);
  const weights = tops.map((top, t) =>
    Float64Array.from({ length: top.count() }, () =>
      layer.readsTopDiff(t) ? random.uniform(-1, 1) : 0,
    ),
  );
  const varied = net.bottomNeedsBackward[index] ?? [];
  const isolated = bottoms.map((bottom) => new Isolated(bottom));
  const topDiffs = tops.map((top) => top.diffValues().slice());
  const state = layer.state();
  const evaluate = async (): Promise<Terms> => {
    for (const bottom of isolated) bottom.write();
    if (state) await layer.restore(state);
    await net.forward(index, index);
    return tops.map((top) => top.values().slice());
  };
  await evaluate();
  tops.forEach((top, t) => {
    top.diffMem.overwriteCpu().set(weights[t] ?? []);
  });
  for (const blob of layer.blobs) blob.diffMem.zero();
  await net.backward(index, index);
  const variables: Variable[] = bottoms.flatMap((bottom, i) =>
    varied[i]
      ? [
          {
            layer: name,
            blob: `bottom ${i} '${layer.param.bottom?.[i] ?? ""}'`,
            shape: bottom.shape,
            values: isolated[i]?.values ?? new Float64Array(0),
            gradient: bottom.diffValues().slice(),
          },
        ]
      : [],
  );
  layer.blobs.forEach((blob, i) => {
    if (!layer.isStatistic(i)) variables.push(parameter(name, i, blob));
  });
  const checker = new Checker(weights, evaluate, options);
  for (const variable of variables) await checker.compare(variable);
  for (const bottom of isolated) bottom.join();
  await evaluate();
  tops.forEach((top, t) => {
    top.diffMem.overwriteCpu().set(topDiffs[t] ?? []);
  });
  return checker.report();
}

/**
 * Runs the net forward layer by layer, and checks each as it comes: `checkLayerGradient` of all that has a gradient.
 *
 * @param wants which layers, by name
 */
export async function* checkLayerGradients(
  net: Net,
  wants: (name: string) => boolean,
  options: GradientCheckOptions = {},
): AsyncGenerator<{ readonly layer: Layer; readonly report: GradientReport }> {
  for (const [index, layer] of net.layers.entries()) {
    if (isSource(net, index) || !wants(net.layerNames[index] ?? "")) {
      await net.forward(index, index);
    } else {
      const report = await checkLayerGradient(net, index, options);
      if (report.checked > 0) yield { layer, report };
    }
  }
}

/**
 * Compares the gradients of all parameters, as a whole backward pass gives them, with central differences of the
 * net's loss. Layers that bring data run once, the others for every element.
 *
 * @param net built in float64 and with `force_backward`; it must have run forward
 * @throws NetError where the net is not in float64, or has no loss
 */
export async function checkNetGradient(
  net: Net,
  options: GradientCheckOptions = {},
): Promise<GradientReport> {
  checkFloat64(net);
  const counted = net.topBlobs.flatMap((tops, i) =>
    tops.flatMap((blob, t) => {
      const weight = net.lossWeights[i]?.[t] ?? 0;
      return weight === 0 ? [] : [{ blob, weights: new Float64Array(blob.count()).fill(weight) }];
    }),
  );
  if (counted.length === 0) {
    throw new NetError(
      `net "${net.name}" has no loss, and so no gradient as a whole. Expected a loss layer, or a loss_weight.`,
    );
  }
  const states = net.layers.map((layer, i) => (isSource(net, i) ? undefined : layer.state()));
  const evaluate = async (): Promise<Terms> => {
    for (const [i, layer] of net.layers.entries()) {
      if (isSource(net, i)) continue;
      const state = states[i];
      if (state) await layer.restore(state);
      await net.forward(i, i);
    }
    return counted.map(({ blob }) => blob.values().slice());
  };
  await evaluate();
  net.clearParamDiffs();
  await net.backward();
  const statistics = new Set(
    net.layers.flatMap((layer) => layer.blobs.filter((_, i) => layer.isStatistic(i))),
  );
  const variables = net.learnableParams
    .filter(({ blob }) => !statistics.has(blob))
    .map(({ layer, index, blob }) => parameter(layer, index, blob));
  const weights = counted.map((top) => top.weights);
  const checker = new Checker(weights, evaluate, options);
  for (const variable of variables) await checker.compare(variable);
  return checker.report();
}

function checkFloat64(net: Net): void {
  if (net.dtype === "f64") return;
  throw new NetError(
    `net "${net.name}" is in float32, whose differences say little of a gradient. Expected dtype f64.`,
  );
}

/** A layer that brings data into the net: it reads nothing and learns nothing. */
function isSource(net: Net, index: number): boolean {
  return net.bottomBlobs[index]?.length === 0 && net.layers[index]?.blobs.length === 0;
}

function parameter(layer: string, index: number, blob: Blob): Variable {
  return {
    layer,
    blob: `param ${index}`,
    shape: blob.shape,
    values: blob.dataMem.mutableCpu(),
    gradient: blob.diffValues().slice(),
  };
}

/** A bottom with memory of its own: others may share the net's, and a layer in place overwrites it. */
class Isolated {
  /** What the layer is to read. */
  readonly values: Float64Array;
  readonly #bottom: Blob;
  readonly #shared: Blob;

  constructor(bottom: Blob) {
    this.#bottom = bottom;
    this.values = Float64Array.from(bottom.values());
    this.#shared = new Blob(bottom.shape, bottom.dtype);
    this.#shared.shareData(bottom);
    bottom.shareData(new Blob(bottom.shape, bottom.dtype));
  }

  write(): void {
    this.#bottom.dataMem.overwriteCpu().set(this.values);
  }

  /** Goes back to the net's memory. */
  join(): void {
    this.#bottom.shareData(this.#shared);
  }
}

class Checker {
  /** Of each term of the objective. */
  readonly #weights: Terms;
  readonly #evaluate: () => Promise<Terms>;
  readonly #step: number;
  readonly #threshold: number;
  readonly #samples: number;
  readonly #seed: number;
  readonly #failures: GradientDeviation[] = [];
  #worst: GradientDeviation | undefined;
  #checked = 0;
  #kinks = 0;

  constructor(weights: Terms, evaluate: () => Promise<Terms>, options: GradientCheckOptions) {
    const { step = 1e-5, threshold = 1e-6, samples = Number.POSITIVE_INFINITY, seed = 1 } = options;
    this.#weights = weights;
    this.#evaluate = evaluate;
    this.#step = step;
    this.#threshold = threshold;
    this.#samples = samples;
    this.#seed = seed;
  }

  report(): GradientReport {
    return {
      checked: this.#checked,
      kinks: this.#kinks,
      worst: this.#worst,
      failures: this.#failures,
    };
  }

  /** Compares elements of one blob. */
  async compare(variable: Variable): Promise<void> {
    const { gradient } = variable;
    let largest = LEAST_SCALE;
    for (const value of gradient) largest = Math.max(largest, Math.abs(value));
    const middle = await this.#evaluate();
    for (const i of this.#elements(variable)) {
      await this.#compareElement(variable, i, Math.min(1, largest), middle);
    }
  }

  #elements({ layer, blob, gradient }: Variable): Iterable<number> {
    const count = gradient.length;
    if (count <= this.#samples) return gradient.keys();
    const random = new Random(this.#seed, "gradient check", layer, blob);
    const chosen = new Set<number>();
    while (chosen.size < this.#samples) chosen.add(random.below(count));
    return chosen;
  }

  async #compareElement(
    { layer, blob, shape, values, gradient }: Variable,
    i: number,
    leastScale: number,
    middle: Terms,
  ): Promise<void> {
    const [value, computed] = [values[i] ?? 0, gradient[i] ?? 0];
    const at = async (moved: number): Promise<Terms> => {
      values[i] = moved;
      const terms = await this.#evaluate();
      values[i] = value;
      return terms;
    };
    const slopes: (readonly [left: number, right: number])[] = [];
    let best = { numeric: Number.NaN, error: Number.POSITIVE_INFINITY };
    for (const factor of STEPS) {
      const step = factor * this.#step;
      const [plus, minus] = [await at(value + step), await at(value - step)];
      const numeric = this.#difference(plus, minus) / (2 * step);
      const scale = Math.max(leastScale, Math.abs(computed), Math.abs(numeric));
      const error = Math.abs(computed - numeric) / scale;
      slopes.push([this.#difference(middle, minus) / step, this.#difference(plus, middle) / step]);
      if (!(error >= best.error)) best = { numeric, error };
      if (error <= this.#threshold) break;
    }
    this.#checked++;
    if (!(best.error <= this.#threshold) && isKink(slopes, computed)) {
      this.#kinks++;
      return;
    }
    const deviation = { layer, blob, index: indexOf(i, shape), computed, ...best };
    if (!(best.error <= this.#threshold)) this.#failures.push(deviation);
    if (!this.#worst || !(best.error <= this.#worst.error)) this.#worst = deviation;
  }

  /** How much the objective changes, term by term: those that stay as they are leave no rounding error. */
  #difference(after: Terms, before: Terms): number {
    let sum = 0;
    for (const [t, weights] of this.#weights.entries()) {
      const [a, b] = [after[t], before[t]];
      for (let i = 0; i < weights.length; i++) {
        sum += (weights[i] ?? 0) * ((a?.[i] ?? 0) - (b?.[i] ?? 0));
      }
    }
    return sum;
  }
}

/**
 * Whether the slopes of both sides differ as much for the last, smallest step as for the first, and the gradient
 * lies between them. Where the function is smooth the difference shrinks with the step.
 */
function isKink(
  slopes: readonly (readonly [left: number, right: number])[],
  computed: number,
): boolean {
  const [first, last] = [slopes[0], slopes[slopes.length - 1]];
  if (!first || !last) return false;
  const [low, high] = [Math.min(...last), Math.max(...last)];
  const slack = 1e-3 * (high - low);
  return (
    high - low > Math.abs(first[0] - first[1]) / 2 &&
    computed >= low - slack &&
    computed <= high + slack
  );
}

/** The index, axis by axis, of element `i` of a row-major array. */
function indexOf(i: number, shape: Shape): number[] {
  const index: number[] = [];
  let rest = i;
  for (const length of shape.toReversed()) {
    index.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return index;
}
