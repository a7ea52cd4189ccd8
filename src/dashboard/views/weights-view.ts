import type { Picture, Weights, WeightView } from "../api.ts";
import type { SampledParameter } from "../live/looks.ts";
import { drawnPicture } from "./pixels.ts";
import { spreadOf } from "./spread.ts";

/** Tiles side by side, and one below the other, at most. */
const MOST_TILES = 16;
/** Rows and columns of a matrix that are drawn. */
const [MOST_ROWS, MOST_COLUMNS] = [128, 1024];
/** Pixels between tiles, and how bright they are. */
const [GAP, GREY] = [1, 128];

/** The parameters of a net as a page shows them. */
export async function weightsView(parameters: readonly SampledParameter[]): Promise<Weights> {
  const views: WeightView[] = [];
  for (const { layer, index, shape, sample, drawn } of parameters) {
    const shown = drawn && (await pictureOf(shape, drawn));
    views.push({
      ...{ layer, index, shape, spread: spreadOf(sample) },
      ...{ picture: shown?.picture, about: shown?.about },
    });
  }
  return { parameters: views };
}

interface Shown {
  readonly picture: Picture;
  readonly about: string;
}

/** Filters as tiles, a matrix as it is. */
async function pictureOf(
  shape: readonly number[],
  values: Float32Array,
): Promise<Shown | undefined> {
  const axes = shape.filter((length, axis) => length !== 1 || axis < 2);
  if (axes.length === 4) return filtersPicture(axes as unknown as Filters, values);
  const [rows = 0, ...rest] = axes;
  const columns = rest.reduce((all, length) => all * length, 1);
  return rows * columns > 1 ? matrixPicture(rows, columns, values) : undefined;
}

type Filters = readonly [filters: number, channels: number, height: number, width: number];

/** Filters of three channels in colour, of one in grey; of others each channel is a tile, a filter a row. */
async function filtersPicture(
  [filters, channels, height, width]: Filters,
  values: Float32Array,
): Promise<Shown> {
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
  return { picture: await drawnPicture(planes, tall, wide, data), about };
}

/** A matrix, its least value black and its greatest white. */
async function matrixPicture(rows: number, columns: number, values: Float32Array): Promise<Shown> {
  const there = Math.max(1, Math.floor(values.length / columns));
  const tall = Math.min(rows, there, MOST_ROWS);
  const wide = Math.min(columns, values.length, MOST_COLUMNS);
  const data = new Uint8ClampedArray(tall * wide);
  const [least, factor] = stretchOf(values);
  for (let y = 0; y < tall; y++) {
    for (let x = 0; x < wide; x++) {
      data[y * wide + x] = ((values[y * columns + x] ?? 0) - least) * factor;
    }
  }
  return {
    picture: await drawnPicture(1, tall, wide, data),
    about: `${countText(tall, rows, "rows")}, ${countText(wide, columns, "columns")}`,
  };
}

/** What brings values to 0 to 255: the least of them, and the factor. */
function stretchOf(values: Float32Array): readonly [least: number, factor: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return most > least ? [least, 255 / (most - least)] : [least === most ? least : 0, 0];
}

function countText(shown: number, all: number, what: string): string {
  return shown === all ? `all ${all} ${what}` : `${shown} of ${all} ${what}`;
}
