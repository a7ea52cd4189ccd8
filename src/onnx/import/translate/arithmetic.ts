import { type Shape, sameShape } from "../../../util/shape.ts";
import { Constant } from "../constant.ts";
import { broadcastShape, stretched } from "../fold/arrays.ts";
import type { LayerFields, Spot, Translation } from "./spot.ts";

type PowerFields = LayerFields["power_param"];

/** y = (shift + scale · x) ^ power */
function power(at: Spot, bottom: string, fields: PowerFields, part = ""): string {
  return at.layer({ type: "Power", bottom: [bottom], power_param: fields ?? {} }, { part });
}

/** A constant over an input: the axes that it lies over, and its numbers there. */
interface Over {
  readonly axis: number;
  readonly vector: Constant;
}

/**
 * Where a constant lies on a blob of that shape: it is stretched along axes of length 1 between those that it has, and counts at
 * all places of those around. Undefined where the blob would be stretched to it.
 */
function over(shape: Shape, constant: Constant): Over | undefined {
  const all = broadcastShape(shape, constant.dims);
  if (!all || !sameShape(all, shape)) return undefined;
  const { dims, first, end } = spanOf(constant.dims, shape.length);
  if (first < 0) return { axis: 0, vector: constant.reshaped([]) };
  const vector = stretched(constant.reshaped(dims.slice(first, end)), shape.slice(first, end));
  return { axis: first, vector };
}

/** A shape with axes of length 1 put before it up to `rank`, and from where to where axes are longer; `first` is −1 where none is. */
function spanOf(shape: Shape, rank: number): { dims: Shape; first: number; end: number } {
  const dims = [...new Array<number>(Math.max(0, rank - shape.length)).fill(1), ...shape];
  const isLong = (n: number): boolean => n !== 1;
  return { dims, first: dims.findIndex(isLong), end: dims.findLastIndex(isLong) + 1 };
}

/** A Scale or a Bias with a constant. */
function line(at: Spot, type: "Scale" | "Bias", bottom: string, { axis, vector }: Over): string {
  const rank = vector.dims.length;
  const fields = {
    ...(axis !== 1 && { axis }),
    ...(rank !== 1 && { num_axes: rank }),
  };
  const own: LayerFields =
    type === "Scale"
      ? { type, bottom: [bottom], scale_param: fields }
      : { type, bottom: [bottom], bias_param: fields };
  return at.layer(own, { learned: [{ shape: vector.dims, values: () => vector.values }] });
}

/** The only number of a constant that does not stretch the other input. */
function numberOf(constant: Constant | undefined, shape: Shape): number | undefined {
  const isSingle = constant?.count === 1 && constant.dims.length <= shape.length;
  return isSingle ? constant.values[0] : undefined;
}

const mapped = (x: Constant, f: (value: number) => number): Constant =>
  new Constant(x.kind, x.dims, () => x.values.map(f));

/** What two inputs become, of which one may be a constant. */
interface Operation {
  /** With a single number: of x ∘ c, and of c ∘ x. */
  readonly withNumber: (c: number, isFirst: boolean) => PowerFields;
  /** With an array: the layer that does it, and what it takes of the constant. */
  readonly withArray?: {
    readonly type: "Scale" | "Bias";
    readonly of: (c: Constant) => Constant;
  };
  /** Of two inputs, neither of which is constant. */
  readonly withBlobs: (at: Spot) => string;
}

const operation =
  ({ withNumber, withArray, withBlobs }: Operation): Translation =>
  (at) => {
    const constantIndex = [1, 0].find((i) => at.constant(i) !== undefined);
    if (constantIndex === undefined) return withBlobs(at);
    const other = 1 - constantIndex;
    const constant = at.constant(constantIndex) as Constant;
    const shape = at.shape(other);
    const number = numberOf(constant, shape);
    if (number !== undefined) return power(at, at.blob(other), withNumber(number, other === 1));
    const place = withArray && over(shape, withArray.of(constant));
    if (!place) return withBlobs(at);
    // c − x and c / x: x is turned round first.
    const turned = other === 1 ? TURNED[at.node.type] : undefined;
    if (!turned) return line(at, withArray.type, at.blob(other), place);
    const plain = over(shape, constant);
    if (!plain) return withBlobs(at);
    return line(at, withArray.type, power(at, at.blob(other), turned, "turned"), plain);
  };

const TURNED: Readonly<Record<string, PowerFields>> = { Sub: { scale: -1 }, Div: { power: -1 } };

/** A blob in the place of an input that is smaller than the output: repeated along every axis of length 1. */
function filled(at: Spot, index: number): string {
  return at.tiled(at.blob(index), at.shape(index), at.made(), String(index));
}

type EltwiseFields = LayerFields["eltwise_param"];

function eltwise(at: Spot, fields: EltwiseFields): string {
  const bottom = at.node.inputs.map((_, i) => filled(at, i));
  if (bottom.length === 1) return bottom[0] as string;
  return at.layer({ type: "Eltwise", bottom, ...(fields && { eltwise_param: fields }) });
}

/** A product, whose factors may be stretched. */
function product(at: Spot): string {
  const [a, b] = [at.shape(0), at.shape(1)];
  if (sameShape(a, b)) return eltwise(at, { operation: "PROD" });
  return at.layer({ type: "Mul", bottom: [at.blob(0), at.blob(1)] });
}

/** A sum of which one part is stretched: a Bias where it lies over the other, side by side. */
function sum(at: Spot): string {
  const large = [0, 1].find((i) => sameShape(at.shape(i), at.made()));
  if (large === undefined || at.node.inputs.length !== 2 || sameShape(at.shape(0), at.shape(1))) {
    return eltwise(at, undefined);
  }
  const to = at.shape(large);
  const from = at.shape(1 - large);
  const { dims, first, end } = spanOf(from, to.length);
  const axis = Math.max(0, first);
  // Of N×C×1×1 the samples are among the axes that it lies over, also where there is one.
  const begin =
    from.length === to.length && axis > 0 && at.constant(1 - large) === undefined ? 0 : axis;
  const part = first < 0 ? [1] : dims.slice(begin, end);
  if (!part.every((n, i) => n === to[begin + i])) return eltwise(at, undefined);
  const vector = at.view(at.blob(1 - large), from, part, "vector");
  return at.layer({
    type: "Bias",
    bottom: [at.blob(large), vector],
    ...(begin !== 1 && { bias_param: { axis: begin } }),
  });
}

function quotient(at: Spot): string {
  const inverse = power(at, at.blob(1), { power: -1 }, "inverse");
  if (!sameShape(at.shape(0), at.shape(1))) {
    return at.layer({ type: "Mul", bottom: [at.blob(0), inverse] });
  }
  return at.layer({
    type: "Eltwise",
    bottom: [at.blob(0), inverse],
    eltwise_param: { operation: "PROD" },
  });
}

const many =
  (fields: (count: number) => EltwiseFields): Translation =>
  (at) =>
    eltwise(at, fields(at.node.inputs.length));

const pow: Translation = (at) => {
  const exponent = numberOf(at.constant(1), at.shape(0));
  if (exponent === undefined) return at.fail("its exponent is no constant number. Expected one.");
  return power(at, at.blob(0), { power: exponent });
};

const maximum: Translation = (at) => {
  const zero = [0, 1].find((i) => at.constant(i)?.count === 1 && at.constant(i)?.values[0] === 0);
  const isRectifier = at.node.inputs.length === 2 && zero !== undefined;
  if (isRectifier && sameShape(at.shape(1 - zero), at.made())) {
    return at.layer({ type: "ReLU", bottom: [at.blob(1 - zero)] });
  }
  return eltwise(at, { operation: "MAX" });
};

/** min(a, b) = −max(−a, −b) */
const minimum: Translation = (at) => {
  const negative = at.node.inputs.map((_, i) =>
    power(at, filled(at, i), { scale: -1 }, `negative${i}`),
  );
  const most = at.layer(
    { type: "Eltwise", bottom: negative, eltwise_param: { operation: "MAX" } },
    { part: "max" },
  );
  return power(at, most, { scale: -1 });
};

/** Operators of two or more arrays, element by element. */
export const arithmetic: Readonly<Record<string, Translation>> = {
  Add: operation({
    withNumber: (shift) => ({ shift }),
    withArray: { type: "Bias", of: (c) => c },
    withBlobs: sum,
  }),
  Div: operation({
    withNumber: (c, isFirst) => (isFirst ? dividedBy(c) : { scale: 1 / c }),
    withArray: { type: "Scale", of: (c) => mapped(c, (value) => 1 / value) },
    withBlobs: quotient,
  }),
  Max: maximum,
  Mean: many((count) => ({ coeff: new Array<number>(count).fill(1 / count) })),
  Min: minimum,
  Mul: operation({
    withNumber: (scale) => ({ scale }),
    withArray: { type: "Scale", of: (c) => c },
    withBlobs: product,
  }),
  Pow: pow,
  Sub: operation({
    withNumber: (c, isFirst) => (isFirst ? { scale: -1, shift: c } : { shift: -c }),
    withArray: { type: "Bias", of: (c) => mapped(c, (value) => -value) },
    withBlobs: (at) => eltwise(at, { coeff: [1, -1] }),
  }),
  Sum: many(() => undefined),
};

/** c / x = (x / c) ^ −1 */
function dividedBy(c: number): PowerFields {
  return { power: -1, scale: 1 / c };
}
