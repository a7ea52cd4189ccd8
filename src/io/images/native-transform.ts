import type { ImagesAddon } from "./addon.ts";
import type { Raster } from "./raster.ts";

/** What is cut out of an image. */
export interface Cut {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly top: number;
  readonly left: number;
  readonly isMirrored: boolean;
}

/** Numbers that the addon is told of each image. */
const PLACES = 12;
/**
 * Calling the addon costs more than a small image does, so images of so many bytes are kept back until there are so
 * many of them.
 */
const [SMALL, MOST_SMALL] = [4096, 64];

/** Cuts images, subtracts a mean and multiplies by a scale through the addon; small ones many at a time. */
export class NativeTransform {
  readonly #addon: ImagesAddon;
  readonly #mean: Float32Array | undefined;
  readonly #values: Float32Array;
  readonly #places = new Int32Array(PLACES);
  /** Small images that are kept back, side by side, and what the addon will be told of them. */
  #small = new Uint8Array(0);
  #smallPlaces = new Int32Array(0);
  #count = 0;
  #used = 0;
  /** Where they go to. */
  #out: Float32Array | undefined;

  /** @param values scale, then the mean of each channel where there is no mean image */
  constructor(addon: ImagesAddon, mean: Float32Array | undefined, values: Float32Array) {
    this.#addon = addon;
    this.#mean = mean;
    this.#values = values;
  }

  /** How many channels an image may have. */
  get channels(): number {
    return this.#values.length - 1;
  }

  /** Writes a cut to `out` from `at` on, at `flush` at the latest. The memory of `image` may be used again at once. */
  add(image: Raster, cut: Cut, out: Float32Array, at: number): void {
    const { data } = image;
    if (!(data instanceof Uint8Array) || data.length > SMALL) {
      tell(this.#places, 0, image, cut, 0, at);
      this.#addon.transform(data, this.#mean, this.#values, this.#places, out);
      return;
    }
    if (this.#small.length === 0) {
      this.#small = new Uint8Array(SMALL * MOST_SMALL);
      this.#smallPlaces = new Int32Array(PLACES * MOST_SMALL);
    }
    if (this.#count === MOST_SMALL || this.#out !== out) this.flush();
    this.#out = out;
    this.#small.set(data, this.#used);
    tell(this.#smallPlaces, PLACES * this.#count++, image, cut, this.#used, at);
    this.#used += data.length;
  }

  /** Writes what was kept back. */
  flush(): void {
    if (this.#count > 0 && this.#out) {
      const places = this.#smallPlaces.subarray(0, PLACES * this.#count);
      this.#addon.transform(this.#small, this.#mean, this.#values, places, this.#out);
    }
    this.#count = 0;
    this.#used = 0;
    this.#out = undefined;
  }
}

/** Notes from `to` on what the addon is told of an image whose bytes lie `moved` further on. */
function tell(
  places: Int32Array,
  to: number,
  image: Raster,
  { channels, height, width, top, left, isMirrored }: Cut,
  moved: number,
  at: number,
): void {
  // Whole rows that follow each other are one long row: its loop begins once.
  const isOneRow =
    !isMirrored && width === image.width && image.columnStep === 1 && image.rowStep === width;
  places[to] = moved + image.offset + top * image.rowStep + left * image.columnStep;
  places[to + 1] = image.channelStep;
  places[to + 2] = image.rowStep;
  places[to + 3] = image.columnStep;
  places[to + 4] = channels;
  places[to + 5] = isOneRow ? 1 : height;
  places[to + 6] = isOneRow ? height * width : width;
  places[to + 7] = top * image.width + left;
  places[to + 8] = image.height * image.width;
  places[to + 9] = image.width;
  places[to + 10] = isMirrored ? 1 : 0;
  places[to + 11] = at;
}
