import type { FloatArray } from "../util/arrays.ts";
import { floatsOfPixels, type Normalization, type Pixels } from "../util/pixels.ts";
import { type PrivateStore, SyncedMem } from "./synced-mem.ts";

/** A batch of images as the bytes that its floats are made of: on a device by a kernel, on the host where somebody reads them there. */
export class PixelStore implements PrivateStore {
  readonly layout = "pixels";
  readonly normalization: Normalization;
  /** The means of `normalization`. */
  readonly mean: SyncedMem;
  #pixels: Pixels = { shape: [0], bytes: new Uint8Array(0), cuts: new Float32Array(0) };

  constructor(normalization: Normalization) {
    this.normalization = normalization;
    this.mean = new SyncedMem(normalization.mean.length);
    this.mean.isLasting = true;
    this.mean.borrowCpu(normalization.mean);
  }

  get pixels(): Pixels {
    return this.#pixels;
  }

  /** Makes the array these images, whose memory is not copied. */
  lend(pixels: Pixels, mem: SyncedMem): void {
    this.#pixels = pixels;
    mem.adoptPrivate(this);
    mem.markPrivateWritten(this);
  }

  toPlain(plain: FloatArray): void {
    floatsOfPixels(this.#pixels, this.normalization, plain);
  }

  release(): void {}
}
