import type { Engine } from "../engines/engine.ts";
import { SyncedMem } from "../syncedmem/synced-mem.ts";
import type { DType, FloatArray } from "../util/arrays.ts";
import { CaffeError } from "../util/errors.ts";
import type { BlobValue, NdArray } from "../util/nd-array.ts";
import { countOf, type Shape, sameShape, shapeText } from "../util/shape.ts";
import { type Nested, ndArrayOf, nestedOf, type Values } from "./nested.ts";

/** Caffe's limit on the number of axes. */
const MAX_AXES = 32;

/**
 * How many elements a blob of that shape has.
 * @throws CaffeError where no blob can have it: too many axes or elements, or an axis of no whole length
 */
function elementCount(shape: Shape): number {
  if (shape.length > MAX_AXES) {
    throw new CaffeError(`a blob of ${shape.length} axes. Expected at most ${MAX_AXES}.`);
  }
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new CaffeError(
        `shape ${shapeText(shape)} has an axis of length ${length}. Expected whole numbers, 0 or more.`,
      );
    }
  }
  const count = countOf(shape);
  if (count > 2 ** 31 - 1) {
    throw new CaffeError(
      `shape ${shapeText(shape)} has ${count} elements. Expected fewer than 2147483648; reduce the batch or the image size.`,
    );
  }
  return count;
}

/**
 * An n-dimensional array of `data` and, beside it, of derivatives `diff`.
 *
 * Row-major, the last axis fastest: N×C×H×W for a batch of images. Memory comes at first use, is zero
 * until written, is kept when the blob shrinks, and is replaced when it grows.
 *
 * @see Caffe's Blob
 */
export class Blob {
  readonly dtype: DType;
  #shape: Shape;
  #count: number;
  #data: SyncedMem;
  #diff: SyncedMem;

  constructor(shape: Shape = [0], dtype: DType = "f32") {
    this.dtype = dtype;
    this.#count = elementCount(shape);
    this.#shape = [...shape];
    this.#data = new SyncedMem(this.#count, dtype);
    this.#diff = new SyncedMem(this.#count, dtype);
  }

  /** A blob of the value's shape holding its data (and its diff where it has one). */
  static fromValue(value: BlobValue, dtype: DType = "f32"): Blob {
    const blob = new Blob(value.shape, dtype);
    blob.dataMem.overwriteCpu().set(value.data);
    if (value.diff) blob.diffMem.overwriteCpu().set(value.diff);
    return blob;
  }

  /** A blob of those numbers, with a shape like theirs: lists within lists, or `{ shape, data }`. */
  static from(values: Values | Blob, dtype: DType = "f32"): Blob {
    const { shape, data } = elementsOf(values);
    const blob = new Blob(shape, dtype);
    blob.dataMem.overwriteCpu().set(data);
    return blob;
  }

  get shape(): Shape {
    return this.#shape;
  }

  /** Where the elements of `data` lie, on the host, in an engine's layouts or on a device: for layers and engines. */
  get dataMem(): SyncedMem {
    return this.#data;
  }

  /** As `dataMem`, of `diff`. */
  get diffMem(): SyncedMem {
    return this.#diff;
  }

  /** Brings data and diff to the host, where they lie on a device. */
  async toHost(): Promise<void> {
    await Promise.all([this.#data.toHost(), this.#diff.toHost()]);
  }

  /** The elements of `data`, to be read: exactly `count()` of them. What a GPU computed awaits `toHost` first. */
  values(): FloatArray {
    this.#checkThere();
    return this.#data.cpu().subarray(0, this.#count);
  }

  /** The elements of `diff`, to be read: exactly `count()` of them. */
  diffValues(): FloatArray {
    return this.#diff.cpu().subarray(0, this.#count);
  }

  /**
   * The elements, to be read and written: a view of exactly `count()` of them. Layers that run next see what is
   * written; ask for the view again after a net has run. What a GPU computed awaits `toHost` first; for reading alone there is
   * `values()`, which leaves an engine's own copies as fresh as they are.
   */
  get data(): FloatArray {
    this.#checkThere();
    return this.#data.mutableCpu().subarray(0, this.#count);
  }

  /** @throws CaffeError where a net that is for use alone has given the elements up */
  #checkThere(): void {
    if (!this.#data.isGivenUp) return;
    throw new CaffeError(
      `data of shape ${shapeText(this.#shape)} is read that its net has given up. Expected net.keep(NAME) before the pass, forward(inputs, { blobs: [NAME] }), or a net without forInference.`,
    );
  }

  /** The derivatives, as `data` gives the elements. */
  get diff(): FloatArray {
    return this.#diff.mutableCpu().subarray(0, this.#count);
  }

  /**
   * One element of `data`.
   * @param index one number for each axis, negative ones counted from its end
   * @throws CaffeError where there is no such element
   */
  at(...index: readonly number[]): number {
    return this.values()[this.offset(index)] as number;
  }

  /** Sets one element of `data`; `index` as in `at`. */
  set(index: readonly number[], value: number): void {
    this.#data.mutableCpu()[this.offset(index)] = value;
  }

  /**
   * Writes every element of `data`: a number everywhere, or as many as there are.
   * @throws CaffeError where counts differ
   */
  assign(values: Values | Blob): void {
    if (typeof values === "number") {
      this.#data.overwriteCpu().fill(values);
      return;
    }
    const { shape, data } = elementsOf(values);
    if (data.length !== this.#count) {
      throw new CaffeError(
        `${data.length} values of shape ${shapeText(shape)} for a blob of shape ${shapeText(this.#shape)}. Expected ${this.#count}.`,
      );
    }
    this.#data.overwriteCpu().set(data);
  }

  /** The elements of `data` (or `diff`) as lists within lists, one level for each axis (copies). */
  toArray(which: "data" | "diff" = "data"): Nested {
    return nestedOf(which === "data" ? this.values() : this.diffValues(), this.#shape);
  }

  /**
   * Where in row-major order the element of that index lies.
   * @throws CaffeError where there is no such element
   */
  offset(index: readonly number[]): number {
    let offset = 0;
    let isInside = index.length === this.#shape.length;
    for (let axis = 0; isInside && axis < index.length; axis++) {
      const [given = 0, length = 0] = [index[axis], this.#shape[axis]];
      const i = given < 0 ? given + length : given;
      isInside = Number.isInteger(i) && i >= 0 && i < length;
      offset = offset * length + i;
    }
    if (!isInside) {
      throw new CaffeError(
        `there is no element ${shapeText(index)} in shape ${shapeText(this.#shape)}. Expected one number for each axis, below its length.`,
      );
    }
    return offset;
  }

  /** Number of elements in the axes [from, to); all of them by default. */
  count(from = 0, to: number = this.#shape.length): number {
    return from === 0 && to === this.#shape.length ? this.#count : countOf(this.#shape, from, to);
  }

  /**
   * The axis that `index` names, negative ones counted from the end.
   * @throws CaffeError where the blob has no such axis
   */
  axis(index: number): number {
    const rank = this.#shape.length;
    if (!Number.isInteger(index) || index < -rank || index >= rank) {
      throw new CaffeError(
        `axis ${index} is out of range. Expected ${-rank} to ${rank - 1} for shape ${shapeText(this.#shape)}.`,
      );
    }
    return index < 0 ? index + rank : index;
  }

  /**
   * The length of one of the legacy axes (0 num, 1 channels, 2 height, 3 width); 1 where the blob has fewer.
   * @throws CaffeError where the blob has more than four axes
   */
  legacyAxis(index: 0 | 1 | 2 | 3): number {
    if (this.#shape.length > 4) {
      throw new CaffeError(
        `shape ${shapeText(this.#shape)} has ${this.#shape.length} axes. Expected at most 4: N×C×H×W.`,
      );
    }
    return this.#shape[index] ?? 1;
  }

  /** Changes the shape; contents are kept while the count does not grow beyond what it ever was. */
  reshape(shape: Shape): void {
    const room = Math.min(this.#data.count, this.#diff.count);
    if (sameShape(shape, this.#shape) && room >= this.#count) return;
    const count = elementCount(shape);
    this.#shape = [...shape];
    this.#count = count;
    // What a device has no memory for is not kept: there may be some for fewer elements.
    const hasRoom = ({ count: most, dtype, deviceStore }: SyncedMem): boolean =>
      count <= most && dtype === this.dtype && !deviceStore?.hasFailed;
    const isDataKept = hasRoom(this.#data);
    // Data that is shared with a blob of more room is kept where the diff, which may be this blob's own, is too small.
    const isDiffKept = isDataKept && hasRoom(this.#diff);
    if (isDataKept) this.#data.dropStale();
    else {
      this.#data.free();
      this.#data = new SyncedMem(count, this.dtype);
    }
    if (isDiffKept) this.#diff.dropStale();
    else {
      this.#diff.free();
      this.#diff = new SyncedMem(count, this.dtype);
    }
  }

  reshapeLike(other: Blob): void {
    this.reshape(other.shape);
  }

  /** Gives its memory back, unless another blob shares it; the blob is empty then. */
  free(): void {
    this.#data.free();
    this.#diff.free();
    this.#shape = [0];
    this.#count = 0;
    this.#data = new SyncedMem(0, this.dtype);
    this.#diff = new SyncedMem(0, this.dtype);
  }

  /** Uses the other blob's data memory; the counts must be equal. */
  shareData(other: Blob): void {
    this.#sameCount(other);
    if (this.#data === other.dataMem) return;
    this.#data.free();
    this.#data = other.dataMem.hold();
  }

  /** Uses the other blob's diff memory; the counts must be equal. */
  shareDiff(other: Blob): void {
    this.#sameCount(other);
    if (this.#diff === other.diffMem) return;
    this.#diff.free();
    this.#diff = other.diffMem.hold();
  }

  #sameCount(other: Blob): void {
    if (other.count() !== this.#count) {
      throw new CaffeError(
        `memory of shape ${shapeText(other.shape)} cannot be shared by shape ${shapeText(this.#shape)}. Expected equal counts.`,
      );
    }
  }

  /** Whether a blob from a file fits: equal shapes, or equal legacy shapes padded with 1s in front. */
  fits(value: Pick<BlobValue, "shape" | "legacyShape">): boolean {
    if (!value.legacyShape) return sameShape(value.shape, this.#shape);
    const axes = Math.max(value.shape.length, 4);
    if (this.#shape.length > axes) return false;
    const pad = (shape: Shape): Shape => [...Array<number>(axes - shape.length).fill(1), ...shape];
    return sameShape(pad(value.shape), pad(this.#shape));
  }

  /** data and, if asked for, diff, as files hold them (copies). */
  toValue(withDiff = false): BlobValue {
    const value = { shape: [...this.#shape], data: this.values().slice() };
    return withDiff ? { ...value, diff: this.diffValues().slice() } : value;
  }

  /** data ← data − diff. */
  update(engine: Engine): void {
    engine.axpby(this.#count, -1, this.#diff, 1, this.#data);
  }

  /** Σ |data|. */
  asumData(engine: Engine): number {
    return engine.asum(this.#count, this.#data);
  }

  /** Σ |diff|. */
  asumDiff(engine: Engine): number {
    return engine.asum(this.#count, this.#diff);
  }

  /** Σ data². */
  sumsqData(engine: Engine): number {
    return engine.sumOfSquares(this.#count, this.#data);
  }

  /** Σ diff². */
  sumsqDiff(engine: Engine): number {
    return engine.sumOfSquares(this.#count, this.#diff);
  }

  /** Caffe's way to write a shape in its log: `64 1 28 28 (50176)`. */
  shapeString(): string {
    return [...this.#shape, `(${this.#count})`].join(" ");
  }
}

/** Shape and elements of what a blob can be given. */
export function elementsOf(values: Values | Blob): NdArray {
  return values instanceof Blob
    ? { shape: values.shape, data: values.values() }
    : ndArrayOf(values);
}
