import type { Picture, Weights, WeightView } from "../api.ts";
import type { SampledParameter } from "../live/looks.ts";
import { drawnPicture } from "./pixels.ts";
import { spreadOf } from "./spread.ts";
import { countText, type Filters, filterTiles, stretchOf } from "./tiles.ts";

/** Rows and columns of a matrix that are drawn. */
const [MOST_ROWS, MOST_COLUMNS] = [128, 1024];

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

/** Filters as tiles. */
async function filtersPicture(filters: Filters, values: Float32Array): Promise<Shown> {
  const { planes, tall, wide, data, about } = filterTiles(filters, values);
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
