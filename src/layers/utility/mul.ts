import type { Blob } from "../../blob/blob.ts";
import type { Primitive, ScaleOp } from "../../engines/engine.ts";
import { countOf, type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  arity,
  type BackwardReads,
  type One,
  type OneOrMore,
  type ParamField,
} from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Multiplies two blobs; axes of length 1, and those that a blob has too few of in front, are stretched to the other's.
 *
 *     y = a · b        ∂E/∂a = Σ ∂E/∂y · b over the axes along which a was stretched, and so for b
 *
 * - bottom[0] a; bottom[1] b, or a learned blob of shape `mul_shape`, which begins as zeros: weights fill it
 * - top[0]: the greater length of each axis
 * - `mul_param`: mul_shape, without a second bottom
 *
 * @see synopsys-caffe's MulLayer, which has no backward
 */
export class MulLayer extends LearnedLayer<OneOrMore, One> {
  static override readonly type: string = "Mul";
  static override readonly paramFields: readonly ParamField[] = ["mul_param"];
  static override readonly needs: readonly Primitive[] = ["scale", "host"];
  static override readonly bottoms = arity.oneOrTwo;

  #shapes: readonly [Shape, Shape] = [[-1], [-1]];
  /** Where the one covers whole axes of the other, side by side: which, and the primitive that does it. */
  #scale: { readonly op: ScaleOp; readonly isSecond: boolean } | undefined;
  /** Else, for each element of the top: which of a's and b's it is made of. */
  #from: readonly [Int32Array, Int32Array] = [new Int32Array(0), new Int32Array(0)];

  override setUp([, b]: OneOrMore): void {
    const shape = this.param.mul_param?.mul_shape ?? [];
    if (b) {
      if (shape.length > 0)
        this.context.warn("mul_param.mul_shape has no effect with two bottoms.");
      return;
    }
    if (shape.length === 0)
      this.fail("there is one bottom, and no mul_param.mul_shape. Expected either.");
    this.makeBlobs([{ shape, filler: undefined }]);
  }

  #factor(b: Blob | undefined): Blob {
    return b ?? this.blobs[0]!;
  }

  override reshape([a, second]: OneOrMore, [y]: One): void {
    const b = this.#factor(second);
    const shape = this.#stretched(a.shape, b.shape);
    y.reshape(shape);
    if (sameShape(this.#shapes[0], a.shape) && sameShape(this.#shapes[1], b.shape)) return;
    this.#shapes = [a.shape, b.shape];
    this.#scale = undefined;
    for (const [large, small, isSecond] of [
      [a.shape, b.shape, true],
      [b.shape, a.shape, false],
    ] as const) {
      const covered = sameShape(large, shape) ? coveredAxes(large, small) : undefined;
      if (!covered || this.#scale) continue;
      const [from, to] = covered;
      const op = this.engine.scale({
        shape,
        outer: countOf(shape, 0, from),
        length: countOf(shape, from, to),
        inner: countOf(shape, to),
      });
      this.#scale = { op, isSecond };
    }
    if (!this.#scale) this.#from = [sources(shape, a.shape), sources(shape, b.shape)];
  }

  #stretched(a: Shape, b: Shape): Shape {
    const axes = Math.max(a.length, b.length);
    return Array.from({ length: axes }, (_, axis) => {
      const [one, other] = [a[axis - axes + a.length] ?? 1, b[axis - axes + b.length] ?? 1];
      if (one !== other && one !== 1 && other !== 1) {
        this.fail(
          `shapes ${shapeText(a)} and ${shapeText(b)} have ${one} and ${other} on an axis. Expected equal lengths, or 1.`,
        );
      }
      return one === 1 ? other : one;
    });
  }

  override forward([a, second]: OneOrMore, [y]: One): void {
    const b = this.#factor(second);
    if (this.#scale) {
      const [large, small] = this.#scale.isSecond ? [a, b] : [b, a];
      this.#scale.op.forward(large.dataMem, small.dataMem, undefined, y.dataMem);
      return;
    }
    const [x, z, product] = [a.dataMem.cpu(), b.dataMem.cpu(), y.dataMem.overwriteCpu()];
    const [ofA, ofB] = this.#from;
    for (let i = 0; i < ofA.length; i++) product[i] = x[ofA[i]!]! * z[ofB[i]!]!;
  }

  override backwardReadsBottom(): BackwardReads {
    return "present";
  }

  override backward([y]: One, [toA, toB]: readonly boolean[], [a, second]: OneOrMore): void {
    const b = this.#factor(second);
    const learns = second ? toB : this.paramPropagateDown[0];
    if (second && learns) second.diffMem.zero();
    if (this.#scale) {
      this.#scaleBackward(this.#scale, y, toA ? a : undefined, learns ? b : undefined, a, b);
      return;
    }
    const [dy, [ofA, ofB]] = [y.diffMem.cpu(), this.#from];
    if (toA) a.diffMem.zero();
    for (const [to, own, other, factor] of [
      [toA ? a : undefined, ofA, ofB, b],
      [learns ? b : undefined, ofB, ofA, a],
    ] as const) {
      if (!to) continue;
      const [d, z] = [to.diffMem.mutableCpu(), factor.dataMem.cpu()];
      for (let i = 0; i < own.length; i++) d[own[i]!]! += dy[i]! * z[other[i]!]!;
    }
  }

  #scaleBackward(
    { op, isSecond }: { readonly op: ScaleOp; readonly isSecond: boolean },
    y: Blob,
    toA: Blob | undefined,
    toB: Blob | undefined,
    a: Blob,
    b: Blob,
  ): void {
    const [large, small, toLarge, toSmall] = isSecond ? [a, b, toA, toB] : [b, a, toB, toA];
    if (toSmall) {
      if (toSmall === a) a.diffMem.zero();
      op.backwardParams(large.dataMem, y.diffMem, toSmall.diffMem, undefined);
    }
    if (toLarge) op.backwardData(y.diffMem, small.dataMem, toLarge.diffMem);
  }
}

/** The axes of `large` that `small` covers, if they lie side by side and it has 1 or nothing on the others. */
function coveredAxes(large: Shape, small: Shape): readonly [number, number] | undefined {
  const lengths = large.map((_, axis) => small[axis - large.length + small.length] ?? 1);
  const own = lengths.flatMap((length, axis) => (length === 1 ? [] : [axis]));
  const [from, to] = [own[0] ?? 0, (own.at(-1) ?? -1) + 1];
  return lengths.slice(from, to).every((length, i) => length === large[from + i])
    ? [from, to]
    : undefined;
}

/** For each element of a shape, which one of a blob that is stretched to it. */
function sources(shape: Shape, blob: Shape): Int32Array {
  const from = new Int32Array(countOf(shape));
  const axes = shape.length;
  for (let i = 0; i < from.length; i++) {
    let rest = i;
    let stride = 1;
    for (let axis = axes - 1; axis >= 0; axis--) {
      const place = rest % shape[axis]!;
      rest = (rest - place) / shape[axis]!;
      const length = blob[axis - axes + blob.length] ?? 1;
      from[i]! += (length === 1 ? 0 : place) * stride;
      stride *= length;
    }
  }
  return from;
}
