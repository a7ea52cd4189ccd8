import type { FloatArray } from "../../util/arrays.ts";
import type { Box } from "../../util/box.ts";
import { FormatError } from "../../util/errors.ts";
import type { Cut } from "../images/native-transform.ts";
import type { Raster } from "../images/raster.ts";

/** How the classes of an image's pixels are told: a plane for each, of the share that it has of each of the plane's cells. */
export interface MaskForm {
  readonly classes: number;
  /** The class of each value of a mask's pixel, 1 to `classes`, 0 for none; undefined for one class, of bright pixels. */
  readonly classOf: readonly number[] | undefined;
  /** Height and width of the planes, or what those of the image are divided by. */
  readonly size: readonly [height: number, width: number] | number;
}

/** What of an image is seen, in shares of it: of a region the part that lies in the image and in another box, beyond which lies no class. */
export interface View {
  readonly region: Box;
  readonly within: Box;
  readonly isMirrored: boolean;
}

/** The mean of a cell of a mask for one class from which on it is of that class: a byte above 100 once it is rounded. */
const BRIGHT = 100.5;

/**
 * The shape of the masks of a batch of images of that size.
 * @throws FormatError where nothing would be left of them
 */
export function maskShape(
  { classes, size }: MaskForm,
  batchSize: number,
  [height, width]: readonly [number, number],
): readonly [number, number, number, number] {
  const [rows, columns] =
    typeof size === "number" ? [Math.floor(height / size), Math.floor(width / size)] : size;
  if (rows < 1 || columns < 1) {
    throw new FormatError(
      `an image is seen at ${height}×${width}, and seg_scales is ${String(size)}: no mask is left. Expected a smaller number.`,
    );
  }
  return [batchSize, classes, rows, columns];
}

/** What is seen of a view of which a part is seen. */
export function viewOf([x0, y0, x1, y1]: Box, part: Box): Box {
  const [width, height] = [x1 - x0, y1 - y0];
  return [x0 + part[0] * width, y0 + part[1] * height, x0 + part[2] * width, y0 + part[3] * height];
}

/** The part of an image of that size that a cut leaves. */
export function cutRegion(
  { left, top, width, height }: Cut,
  size: Pick<Raster, "height" | "width">,
): Box {
  return [
    left / size.width,
    top / size.height,
    (left + width) / size.width,
    (top + height) / size.height,
  ];
}

/**
 * Writes the planes of one image, all of whose numbers are 0.
 *
 *     to[k][i][j] = share of cell (i, j) of the view that pixels of class k + 1 have
 *
 * With one class of bright pixels it is 1 where the mean of a cell's pixels exceeds 100 of 255, else 0.
 *
 * @see MobileNet-YOLO's AnnotatedDataLayer, which resizes a plane of each class by INTER_AREA
 */
export function writeMask(
  { classOf }: MaskForm,
  mask: Raster,
  { region: [x0, y0, x1, y1], within, isMirrored }: View,
  [rows, columns]: readonly [number, number],
  to: FloatArray,
): void {
  const down = tapsOf([y0, y1], [within[1], within[3]], rows, mask.height);
  const across = tapsOf([x0, x1], [within[0], within[2]], columns, mask.width);
  if (isMirrored) across.cells = across.cells.map((cell) => columns - 1 - cell);
  const plane = rows * columns;
  for (const [v, row] of down.cells.entries()) {
    const start = mask.offset + (down.places[v] as number) * mask.rowStep;
    const rowShare = down.shares[v] as number;
    for (let h = 0; h < across.cells.length; h++) {
      const value = mask.data[start + (across.places[h] as number) * mask.columnStep] as number;
      const share = rowShare * (across.shares[h] as number);
      const at = row * columns + (across.cells[h] as number);
      if (!classOf) to[at] = (to[at] as number) + value * share;
      else {
        const label = classOf[value] ?? 0;
        if (label > 0)
          to[(label - 1) * plane + at] = (to[(label - 1) * plane + at] as number) + share;
      }
    }
  }
  if (!classOf) for (let at = 0; at < plane; at++) to[at] = (to[at] as number) > BRIGHT ? 1 : 0;
}

/** Which places of a side lie in which cells of a part of it, and what share of a cell each has. */
interface Taps {
  cells: number[];
  readonly places: number[];
  readonly shares: number[];
}

function tapsOf(
  [from, to]: readonly [number, number],
  within: readonly [number, number],
  cells: number,
  length: number,
): Taps {
  const [least, most] = [Math.max(within[0], 0) * length, Math.min(within[1], 1) * length];
  const taps: Taps = { cells: [], places: [], shares: [] };
  const size = ((to - from) * length) / cells;
  for (let cell = 0; cell < cells; cell++) {
    const begin = Math.max(from * length + cell * size, least);
    const end = Math.min(from * length + (cell + 1) * size, most);
    for (let place = Math.floor(begin); place < end; place++) {
      const share = (Math.min(place + 1, end) - Math.max(place, begin)) / size;
      // What rounding leaves of a neighbour is nothing that is seen.
      if (share < 1e-9) continue;
      taps.cells.push(cell);
      taps.places.push(place);
      taps.shares.push(share);
    }
  }
  return taps;
}
