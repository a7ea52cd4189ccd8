import type { Noise } from "../engines/engine.ts";
import { referenceNoise } from "../engines/reference/noise.ts";
import type { FillerParameter } from "../io/proto/caffe.ts";
import { withDefaults } from "../io/proto/messages.ts";
import type { FloatArray } from "../util/arrays.ts";
import { CaffeError } from "../util/errors.ts";
import { nearestText } from "../util/nearest.ts";
import type { Random } from "../util/random.ts";
import type { RandomKey } from "../util/random-bits.ts";
import { countOf, type Shape, shapeText } from "../util/shape.ts";

type Param = ReturnType<typeof withDefaults<"FillerParameter">>;
type Filler = (values: FloatArray, shape: Shape, param: Param, source: Source) => void;

/** Where a filler's random numbers come from: a key for each array, and the engine that makes numbers of it. */
interface Source {
  readonly random: Random;
  readonly noise: Noise;
}

const keyOf = ({ random }: Source): RandomKey => [random.uint32(), random.uint32()];

/** n of xavier and msra: fan-in = count / shape[0], fan-out = count / shape[1], or their mean. */
function fan(shape: Shape, norm: Param["variance_norm"]): number {
  const count = countOf(shape);
  const fanIn = count / (shape[0] ?? 1);
  // A vector has no second axis: Caffe divides by num alone there.
  const fanOut = shape.length > 1 ? count / (shape[1] ?? 1) : count;
  if (norm === "FAN_OUT") return fanOut;
  return norm === "AVERAGE" ? (fanIn + fanOut) / 2 : fanIn;
}

/**
 * The fillers by name.
 *
 * - constant           value
 * - uniform            U(min, max)
 * - gaussian           N(mean, std²); with `sparse` s ≥ 0 each value is kept with probability s / shape[0]
 * - positive_unitball  U(0, 1), each first-axis slice divided by its sum
 * - gaussian_unitball  N(0, 1), each first-axis slice divided by its length  (caffe-windows)
 * - xavier             U(−a, a), a = √(3/n)           (Glorot & Bengio, AISTATS 2010)
 * - msra               N(0, 2/n / (1 + alpha²))       (He et al., ICCV 2015)
 * - bilinear           interpolation weights of a square kernel, for upsampling deconvolutions
 */
const fillers: Readonly<Record<string, Filler>> = {
  constant: (values, _shape, { value }) => {
    values.fill(value);
  },
  uniform: (values, _shape, { min, max }, source) => {
    source.noise.uniform(values, min, max, keyOf(source));
  },
  gaussian: (values, shape, { mean, std, sparse }, source) => {
    source.noise.gaussian(values, mean, std, keyOf(source));
    if (sparse < 0) return;
    const { random } = source;
    const keep = sparse / (shape[0] ?? 1);
    for (let i = 0; i < values.length; i++) if (!random.bernoulli(keep)) values[i] = 0;
  },
  positive_unitball: (values, shape, _param, source) => {
    const size = countOf(shape, 1);
    source.noise.uniform(values, 0, 1, keyOf(source));
    for (let from = 0; from < values.length; from += size) {
      let sum = 0;
      for (let i = from; i < from + size; i++) sum += values[i] ?? 0;
      for (let i = from; i < from + size; i++) values[i] = (values[i] ?? 0) / sum;
    }
  },
  gaussian_unitball: (values, shape, _param, source) => {
    const size = countOf(shape, 1);
    source.noise.gaussian(values, 0, 1, keyOf(source));
    for (let from = 0; from < values.length; from += size) {
      let sum = 1e-12;
      for (let i = from; i < from + size; i++) sum += (values[i] ?? 0) ** 2;
      for (let i = from; i < from + size; i++) values[i] = (values[i] ?? 0) / Math.sqrt(sum);
    }
  },
  xavier: (values, shape, { variance_norm }, source) => {
    const a = Math.sqrt(3 / fan(shape, variance_norm));
    source.noise.uniform(values, -a, a, keyOf(source));
  },
  msra: (values, shape, { variance_norm, alpha }, source) => {
    const std = Math.sqrt(2 / fan(shape, variance_norm) / (1 + alpha * alpha));
    source.noise.gaussian(values, 0, std, keyOf(source));
  },
  bilinear: (values, shape) => {
    const [, , height, width] = shape;
    if (shape.length !== 4 || height !== width || width === undefined) {
      throw new CaffeError(
        `filler bilinear cannot fill shape ${shapeText(shape)}. Expected four axes and a square kernel.`,
      );
    }
    const f = Math.ceil(width / 2);
    const centre = (width - 1) / (2 * f);
    for (let i = 0; i < values.length; i++) {
      const x = i % width;
      const y = Math.floor(i / width) % width;
      values[i] = (1 - Math.abs(x / f - centre)) * (1 - Math.abs(y / f - centre));
    }
  },
};

/** Whether the filler gives nothing but zeros, as a missing one does. */
export function fillsZeros(param: FillerParameter | undefined): boolean {
  const { type, value, sparse } = withDefaults("FillerParameter", param);
  return type === "constant" && value === 0 && sparse === -1;
}

/** A filler, and its parameter with defaults. @throws CaffeError for an unknown type, or a field that is another type's */
function resolve(param: FillerParameter | undefined): {
  readonly filler: Filler;
  readonly resolved: Param;
} {
  const resolved = withDefaults("FillerParameter", param);
  const filler = Object.hasOwn(fillers, resolved.type) ? fillers[resolved.type] : undefined;
  if (!filler) {
    const known = Object.keys(fillers);
    throw new CaffeError(
      `unknown filler type "${resolved.type}".${nearestText(resolved.type, known)} Expected one of ${known.join(", ")}.`,
    );
  }
  if (resolved.sparse !== -1 && resolved.type !== "gaussian") {
    throw new CaffeError(`filler ${resolved.type} has sparse. Expected it with gaussian only.`);
  }
  return { filler, resolved };
}

/**
 * Makes sure that there is such a filler, where it will fill later if at all.
 * @throws CaffeError for an unknown type, or a field that is another type's
 */
export function checkFiller(param: FillerParameter | undefined): void {
  resolve(param);
}

/**
 * Gives a parameter blob its first values.
 * @param param the filler; a missing one is constant 0
 * @param random its stream: equal streams give equal values
 * @param noise makes numbers of it; an engine may have a faster way
 * @throws CaffeError for an unknown type, or one that does not fit the shape
 */
export function fill(
  values: FloatArray,
  shape: Shape,
  param: FillerParameter | undefined,
  random: Random,
  noise: Noise = referenceNoise,
): void {
  const { filler, resolved } = resolve(param);
  filler(values, shape, resolved, { random, noise });
}
