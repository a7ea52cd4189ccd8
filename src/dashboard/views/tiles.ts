/** Tiles side by side, and one below the other, at most. */
const MOST_TILES = 16;
/** Pixels between tiles, and how bright they are. */
const [GAP, GREY] = [1, 128];

/** Shapes of a convolution's weights. */
export type Filters = readonly [filters: number, channels: number, height: number, width: number];

/** Filters side by side, drawn. */
interface Tiles {
  /** 1 for grey, 3 for colours. */
  readonly planes: number;
  readonly tall: number;
  readonly wide: number;
  /** Plane by plane. */
  readonly data: Uint8ClampedArray;
  /** Whether a pixel is of a filter, and not between two. */
  readonly isOfFilter: (x: number, y: number) => boolean;
  /** What is there to be seen, in words. */
  readonly about: string;
}

/**
 * Filters of three channels in colour, of one in grey; of others each channel is a tile, a filter a row. Each filter from its least
 * value, black, to its greatest, white.
 */
export function filterTiles(
  [filters, channels, height, width]: Filters,
  values: Float32Array,
): Tiles {
  const size = height * width;
  const isColour = channels === 3;
  const planes = isColour ? 3 : 1;
  // As many as there are values of.
  const there = Math.max(1, Math.min(filters, Math.floor(values.length / (channels * size))));
  const isSingle = isColour || channels === 1;
  const shownFilters = Math.min(there, isSingle ? MOST_TILES ** 2 : MOST_TILES);
  const shownChannels = isSingle ? 1 : Math.min(channels, MOST_TILES);
  const columns = isSingle
    ? Math.min(MOST_TILES, Math.ceil(Math.sqrt(shownFilters)))
    : shownChannels;
  const rows = isSingle ? Math.ceil(shownFilters / columns) : shownFilters;
  const [tall, wide] = [rows * (height + GAP) - GAP, columns * (width + GAP) - GAP];
  const data = new Uint8ClampedArray(planes * tall * wide).fill(GREY);
  for (let tile = 0; tile < shownFilters * shownChannels; tile++) {
    const [filter, channel] = isSingle ? [tile, 0] : [Math.floor(tile / columns), tile % columns];
    const from = (filter * channels + channel) * size;
    const [top, left] = [
      Math.floor(tile / columns) * (height + GAP),
      (tile % columns) * (width + GAP),
    ];
    const part = values.subarray(from, from + planes * size);
    const [least, factor] = stretchOf(part);
    for (let p = 0; p < planes; p++) {
      for (let y = 0; y < height; y++) {
        const to = p * tall * wide + (top + y) * wide + left;
        for (let x = 0; x < width; x++) {
          data[to + x] = ((part[p * size + y * width + x] ?? 0) - least) * factor;
        }
      }
    }
  }
  const ofFilters = countText(shownFilters, filters, "filters");
  const about = isSingle
    ? ofFilters
    : `${ofFilters}, a row each; ${countText(shownChannels, channels, "channels")}`;
  const isOfFilter = (x: number, y: number): boolean =>
    x % (width + GAP) < width && y % (height + GAP) < height;
  return { planes, tall, wide, data, isOfFilter, about };
}

/** What brings values to 0 to 255: the least of them, and the factor. */
export function stretchOf(values: Float32Array): readonly [least: number, factor: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return most > least ? [least, 255 / (most - least)] : [least === most ? least : 0, 0];
}

/** How many of all are shown, in words. */
export function countText(shown: number, all: number, what: string): string {
  return shown === all ? `all ${all} ${what}` : `${shown} of ${all} ${what}`;
}
