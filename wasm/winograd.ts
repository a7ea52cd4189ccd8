// Winograd's algorithm for windows that move by one: F(4×4, 3×3) and F(2×2, 5×5). A tile of 6×6 inputs gives `tile`×`tile` outputs,
// 4 or 2, with 36 multiplications for each pair of channels, where the sum takes 144 or 100. Four tiles that lie side by side are
// one group, and go through as the lanes of a vector.
import { transpose } from "./product";
import { dataLine, outputLine, outputLineBack, weightLine } from "./winograd-lines";

/** Elements of 6×6 vectors. */
export const between: usize = memory.data(36 * 16, 16);
/** The rows of a group: 6 of 24 floats, of which 20 are used at most. */
export const rowsOf: usize = memory.data(6 * 24 * 4, 16);
export const LINE: usize = 16;
const ROW: usize = 96;

/** Bᵀ d B of the group whose first element is at `d`, rows `row` bytes apart; points `step` bytes apart. */
function dataGroup(tile: i32, d: usize, row: usize, to: usize, step: usize): void {
  for (let i: usize = 0; i < 6; i++, d += row) {
    const a0 = v128.load(d);
    const a1 = v128.load(d, 16);
    const a2 = v128.load(d, 32);
    const into = between + i * 6 * LINE;
    if (tile == 2) {
      const even = v128.shuffle<f32>(a0, a1, 0, 2, 4, 6);
      const odd = v128.shuffle<f32>(a0, a1, 1, 3, 5, 7);
      dataLine(
        even, odd, v128.shuffle<f32>(even, a2, 1, 2, 3, 4), v128.shuffle<f32>(odd, a2, 1, 2, 3, 5),
        v128.shuffle<f32>(even, a2, 2, 3, 4, 6), v128.shuffle<f32>(odd, a2, 2, 3, 5, 7), into, LINE,
      );
      continue;
    }
    const a3 = v128.load(d, 48);
    const a4 = v128.load(d, 64);
    const low01 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
    const d0 = v128.shuffle<f32>(low01, low23, 0, 1, 4, 5);
    const d1 = v128.shuffle<f32>(low01, low23, 2, 3, 6, 7);
    const d2 = v128.shuffle<f32>(high01, high23, 0, 1, 4, 5);
    const d3 = v128.shuffle<f32>(high01, high23, 2, 3, 6, 7);
    // The fifth and sixth elements of a tile are the first two of the next.
    dataLine(d0, d1, d2, d3, v128.shuffle<f32>(d0, a4, 1, 2, 3, 4), v128.shuffle<f32>(d1, a4, 1, 2, 3, 5), into, LINE);
  }
  for (let j: usize = 0; j < 6; j++) {
    const b = between + j * LINE;
    dataLine(
      v128.load(b), v128.load(b, 96), v128.load(b, 192), v128.load(b, 288), v128.load(b, 384), v128.load(b, 480),
      to + j * step, 6 * step,
    );
  }
}

/** A dy Aᵀ of the group whose first element is at `d`, rows `row` bytes apart; points `step` bytes apart. */
function gradientGroup(tile: i32, d: usize, row: usize, to: usize, step: usize): void {
  for (let i: usize = 0; i < <usize>tile; i++, d += row) {
    const a0 = v128.load(d);
    const a1 = v128.load(d, 16);
    if (tile == 2) {
      v128.store(rowsOf, v128.shuffle<f32>(a0, a1, 0, 2, 4, 6));
      v128.store(rowsOf, v128.shuffle<f32>(a0, a1, 1, 3, 5, 7), 16);
    } else transpose(a0, a1, v128.load(d, 32), v128.load(d, 48), rowsOf, LINE);
    outputLineBack(tile, rowsOf, LINE, between + i * 6 * LINE, LINE);
  }
  for (let j: usize = 0; j < 6; j++) outputLineBack(tile, between + j * LINE, 6 * LINE, to + j * step, 6 * step);
}

/** Copies what lies inside the plane of `high` rows of `wide` elements from row y and column x on; the rest is 0. */
function gather(plane: usize, height: i32, width: i32, y: i32, x: i32, high: i32, wide: i32): void {
  memory.fill(rowsOf, 0, 6 * ROW);
  const begin = max(-x, 0);
  const end = min(width - x, wide);
  for (let i = max(-y, 0); i < min(height - y, high); i++) {
    const from = plane + (<usize>((y + i) * width + x) << 2);
    const to = rowsOf + <usize>i * ROW;
    let j = begin;
    for (; j + 4 <= end; j += 4) v128.store(to + (<usize>j << 2), v128.load(from + (<usize>j << 2)));
    for (; j < end; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
  }
}

/**
 * Transforms the inputs of `count` groups from number `first` on, counted over images (`image` floats apart), `rows` of tiles
 * and `groups` in each: of outputs' gradients where `isGradient`. To each of the 36 points, `point` floats apart, go four tiles of a
 * channel at a time, channels `next` floats apart and pairs of groups `pair` floats apart: so they are panels of eight tiles as
 * `multiplyPanels` reads them, or rows as `rowProducts` does.
 */
export function winogradData(
  tile: i32,
  isGradient: bool,
  first: i32,
  count: i32,
  rows: i32,
  groups: i32,
  channels: i32,
  height: i32,
  width: i32,
  padH: i32,
  padW: i32,
  x: usize,
  image: i32,
  to: usize,
  point: i32,
  next: i32,
  pair: i32,
): void {
  const step = <usize>point << 2;
  const wide = 4 * tile + (isGradient ? 0 : 4);
  const high = isGradient ? tile : 6;
  for (let s = 0; s < count; s++) {
    const number = first + s;
    const top = ((number / groups) % rows) * tile - padH;
    const left = (number % groups) * 4 * tile - padW;
    const isInside = top >= 0 && left >= 0 && top + high <= height && left + wide <= width;
    let plane = x + (<usize>(number / (groups * rows)) * image << 2);
    let into = to + (<usize>(s >> 1) * pair << 2) + (<usize>(s & 1) << 4);
    for (let c = 0; c < channels; c++, plane += <usize>(height * width) << 2, into += <usize>next << 2) {
      let from = plane + (<usize>(top * width + left) << 2);
      let row = <usize>width << 2;
      if (!isInside) {
        gather(plane, height, width, top, left, high, wide);
        from = rowsOf;
        row = ROW;
      }
      if (isGradient) gradientGroup(tile, from, row, into, step);
      else dataGroup(tile, from, row, into, step);
    }
  }
}

/**
 * Transforms windows of `side`×`side` to panels of four rows, as `multiplyPanels` reads them, for each point: rows are `row` windows
 * apart, the `depth` that is summed over `along`. Windows are turned round where they go over outputs' gradients.
 */
export function winogradWeights(
  side: i32,
  rows: i32,
  depth: i32,
  row: i32,
  along: i32,
  isTurned: bool,
  w: usize,
  to: usize,
  point: i32,
): void {
  const step = <usize>point << 2;
  const area = <usize>(side * side);
  const line = <usize>side * LINE;
  for (let r = 0; r < rows; r += 4) {
    const r0 = w + (<usize>(r * row) * area << 2);
    const r1 = r0 + (<usize>(min(1, rows - 1 - r) * row) * area << 2);
    const r2 = r0 + (<usize>(min(2, rows - 1 - r) * row) * area << 2);
    const r3 = r0 + (<usize>(min(3, rows - 1 - r) * row) * area << 2);
    for (let c = 0; c < depth; c++, to += 16) {
      const window = <usize>(c * along) * area;
      for (let k: usize = 0; k < area; k++) {
        const at = (window + (isTurned ? area - 1 - k : k)) << 2;
        let v = v128.load_splat<f32>(r0 + at);
        v = v128.load_lane<f32>(r1 + at, v, 1);
        v = v128.load_lane<f32>(r2 + at, v, 2);
        v128.store(rowsOf + k * LINE, v128.load_lane<f32>(r3 + at, v, 3));
      }
      for (let i: usize = 0; i < <usize>side; i++) weightLine(side, rowsOf + i * line, LINE, between + i * 6 * LINE, LINE);
      for (let j: usize = 0; j < 6; j++) weightLine(side, between + j * LINE, 6 * LINE, to + j * step, 6 * step);
    }
  }
}

/** Transforms sums back to outputs and adds the bias, if there is one (`bias` is not 0): groups as `winogradData` has them. */
export function winogradOutputs(
  tile: i32,
  first: i32,
  count: i32,
  rows: i32,
  groups: i32,
  outputs: i32,
  height: i32,
  width: i32,
  sums: usize,
  point: i32,
  bias: usize,
  y: usize,
  image: i32,
): void {
  const step = <usize>point << 2;
  const line = <usize>tile * LINE;
  for (let s = 0; s < count; s++) {
    const number = first + s;
    const top = ((number / groups) % rows) * tile;
    const left = (number % groups) * 4 * tile;
    const high = min(height - top, tile);
    const wide = min(width - left, 4 * tile);
    let plane = y + (<usize>(number / (groups * rows)) * image << 2) + (<usize>(top * width + left) << 2);
    let from = sums + (<usize>s << 4);
    for (let o: usize = 0; o < <usize>outputs; o++, plane += <usize>(height * width) << 2, from += <usize>count << 4) {
      for (let i: usize = 0; i < 6; i++) outputLine(tile, from + i * 6 * step, step, between + i * line, LINE);
      for (let j: usize = 0; j < <usize>tile; j++) outputLine(tile, between + j * LINE, line, rowsOf + j * LINE, line);
      const shift = bias ? v128.load_splat<f32>(bias + (o << 2)) : f32x4.splat(0);
      for (let i = 0; i < high; i++) {
        const from = rowsOf + <usize>i * line;
        const v0 = f32x4.add(v128.load(from), shift);
        const v1 = f32x4.add(v128.load(from, 16), shift);
        // Lane k of vector j is element tile·k + j of the row.
        if (tile == 2) {
          v128.store(between, v128.shuffle<f32>(v0, v1, 0, 4, 1, 5));
          v128.store(between, v128.shuffle<f32>(v0, v1, 2, 6, 3, 7), 16);
        } else transpose(v0, v1, f32x4.add(v128.load(from, 32), shift), f32x4.add(v128.load(from, 48), shift), between, LINE);
        const to = plane + (<usize>(i * width) << 2);
        let k = 0;
        for (; k + 4 <= wide; k += 4) v128.store(to + (<usize>k << 2), v128.load(between + (<usize>k << 2)));
        for (; k < wide; k++) store<f32>(to + (<usize>k << 2), load<f32>(between + (<usize>k << 2)));
      }
    }
  }
}
