// Winograd's algorithm F(4×4, 3×3): a tile of 6×6 inputs gives 4×4 outputs with 36 multiplications for each pair of
// channels, where the sum takes 144. Four tiles that lie side by side are one group, and go through as the lanes of a vector.
//
// The points are 0, ±a, ±b and ∞, as in native/src/winograd-transforms.h, which says why.
import { transpose } from "./product";

const A: f32 = 0.625;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;
/** What the products' weights are divided by. */
const W0: f32 = 1 / (A2 * B2);
const WA: f32 = 1 / (2 * A2 * (A2 - B2));
const WB: f32 = 1 / (2 * B2 * (B2 - A2));

/** Elements of 6×6 vectors; the rows of a group's inputs: 6 of 24 floats, of which 18 are used. */
const between: usize = memory.data(36 * 16, 16);
const inputs: usize = memory.data(6 * 24 * 4, 16);
const LINE: usize = 16;

// @ts-ignore: decorator
@inline
function times(v: v128, factor: f32): v128 {
  return f32x4.mul(v, f32x4.splat(factor));
}

/** Bᵀ of six numbers, `step` bytes apart. */
// @ts-ignore: decorator
@inline
function dataLine(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
  const evenA = f32x4.sub(d4, times(d2, B2));
  const oddA = times(f32x4.sub(d3, times(d1, B2)), A);
  const evenB = f32x4.sub(d4, times(d2, A2));
  const oddB = times(f32x4.sub(d3, times(d1, A2)), B);
  v128.store(to, f32x4.add(times(d0, A2 * B2), f32x4.sub(d4, times(d2, A2 + B2))));
  v128.store(to + step, f32x4.add(evenA, oddA));
  v128.store(to + 2 * step, f32x4.sub(evenA, oddA));
  v128.store(to + 3 * step, f32x4.add(evenB, oddB));
  v128.store(to + 4 * step, f32x4.sub(evenB, oddB));
  v128.store(to + 5 * step, f32x4.add(times(d1, A2 * B2), f32x4.sub(d5, times(d3, A2 + B2))));
}

/** G of three numbers. */
// @ts-ignore: decorator
@inline
function weightLine(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  const evenA = f32x4.add(times(g0, WA), times(g2, WA * A2));
  const oddA = times(g1, WA * A);
  const evenB = f32x4.add(times(g0, WB), times(g2, WB * B2));
  const oddB = times(g1, WB * B);
  v128.store(to, times(g0, W0));
  v128.store(to + step, f32x4.add(evenA, oddA));
  v128.store(to + 2 * step, f32x4.sub(evenA, oddA));
  v128.store(to + 3 * step, f32x4.add(evenB, oddB));
  v128.store(to + 4 * step, f32x4.sub(evenB, oddB));
  v128.store(to + 5 * step, g2);
}

/** Aᵀ of the six numbers that lie `from` bytes apart. */
// @ts-ignore: decorator
@inline
function outputLine(m: usize, from: usize, to: usize, step: usize): void {
  const m1 = v128.load(m + from);
  const m2 = v128.load(m + 2 * from);
  const m3 = v128.load(m + 3 * from);
  const m4 = v128.load(m + 4 * from);
  const evenA = f32x4.add(m1, m2);
  const oddA = f32x4.sub(m1, m2);
  const evenB = f32x4.add(m3, m4);
  const oddB = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(v128.load(m), f32x4.add(evenA, evenB)));
  v128.store(to + step, f32x4.add(times(oddA, A), times(oddB, B)));
  v128.store(to + 2 * step, f32x4.add(times(evenA, A2), times(evenB, B2)));
  const last = f32x4.add(times(oddB, B2 * B), v128.load(m + 5 * from));
  v128.store(to + 3 * step, f32x4.add(times(oddA, A2 * A), last));
}

/** Bᵀ d B of the group whose first element is at `d`, rows `row` bytes apart; points `step` bytes apart. */
function dataGroup(d: usize, row: usize, to: usize, step: usize): void {
  for (let i: usize = 0; i < 6; i++, d += row) {
    const a0 = v128.load(d);
    const a1 = v128.load(d, 16);
    const a2 = v128.load(d, 32);
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
    const d4 = v128.shuffle<f32>(d0, a4, 1, 2, 3, 4);
    const d5 = v128.shuffle<f32>(d1, a4, 1, 2, 3, 5);
    dataLine(d0, d1, d2, d3, d4, d5, between + i * 6 * LINE, LINE);
  }
  for (let j: usize = 0; j < 6; j++) {
    const b = between + j * LINE;
    dataLine(
      v128.load(b), v128.load(b, 96), v128.load(b, 192), v128.load(b, 288), v128.load(b, 384), v128.load(b, 480),
      to + j * step, 6 * step,
    );
  }
}

/** Copies what lies inside the plane of a group's six rows from row y and column x on; the rest is 0. */
function gather(plane: usize, height: i32, width: i32, y: i32, x: i32): void {
  memory.fill(inputs, 0, 6 * 24 * 4);
  const begin = max(-x, 0);
  const end = min(width - x, 20);
  for (let i = max(-y, 0); i < min(height - y, 6); i++) {
    const from = plane + (<usize>((y + i) * width + x) << 2);
    const to = inputs + <usize>(i * 24) * 4;
    let j = begin;
    for (; j + 4 <= end; j += 4) v128.store(to + (<usize>j << 2), v128.load(from + (<usize>j << 2)));
    for (; j < end; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
  }
}

/**
 * Transforms the inputs of `count` groups from number `first` on, counted over images (`image` floats apart), `rows` of tiles
 * and `groups` in each: for each of the 36 points, `point` floats apart, panels of eight tiles as `multiplyPanels` reads them.
 */
export function winogradData(
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
): void {
  const step = <usize>point << 2;
  for (let s = 0; s < count; s++) {
    const number = first + s;
    const top = ((number / groups) % rows) * 4 - padH;
    const left = (number % groups) * 16 - padW;
    const isInside = top >= 0 && left >= 0 && top + 6 <= height && left + 20 <= width;
    let plane = x + (<usize>(number / (groups * rows)) * image << 2);
    let into = to + (<usize>(s >> 1) * channels << 5) + (<usize>(s & 1) << 4);
    for (let c = 0; c < channels; c++, plane += <usize>(height * width) << 2, into += 32) {
      if (isInside) dataGroup(plane + (<usize>(top * width + left) << 2), <usize>width << 2, into, step);
      else {
        gather(plane, height, width, top, left);
        dataGroup(inputs, 96, into, step);
      }
    }
  }
}

/**
 * Transforms windows of 3×3 to panels of four rows, as `multiplyPanels` reads them, for each point: rows are `row` windows
 * apart, the `depth` that is summed over `along`. Windows are turned round for a gradient of data.
 */
export function winogradWeights(
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
  for (let r = 0; r < rows; r += 4) {
    const r0 = w + <usize>(r * row) * 36;
    const r1 = r0 + <usize>(min(1, rows - 1 - r) * row) * 36;
    const r2 = r0 + <usize>(min(2, rows - 1 - r) * row) * 36;
    const r3 = r0 + <usize>(min(3, rows - 1 - r) * row) * 36;
    for (let c = 0; c < depth; c++, to += 16) {
      const window = <usize>(c * along) * 36;
      for (let k: usize = 0; k < 9; k++) {
        const at = window + ((isTurned ? 8 - k : k) << 2);
        let v = v128.load_splat<f32>(r0 + at);
        v = v128.load_lane<f32>(r1 + at, v, 1);
        v = v128.load_lane<f32>(r2 + at, v, 2);
        v128.store(inputs + k * LINE, v128.load_lane<f32>(r3 + at, v, 3));
      }
      for (let i: usize = 0; i < 3; i++) {
        const g = inputs + i * 3 * LINE;
        weightLine(v128.load(g), v128.load(g, 16), v128.load(g, 32), between + i * 6 * LINE, LINE);
      }
      for (let j: usize = 0; j < 6; j++) {
        const g = between + j * LINE;
        weightLine(v128.load(g), v128.load(g, 96), v128.load(g, 192), to + j * step, 6 * step);
      }
    }
  }
}

/** Transforms sums back to outputs and adds the bias, if there is one (`bias` is not 0): groups as `winogradData` has them. */
export function winogradOutputs(
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
  for (let s = 0; s < count; s++) {
    const number = first + s;
    const top = ((number / groups) % rows) * 4;
    const left = (number % groups) * 16;
    const high = min(height - top, 4);
    const wide = min(width - left, 16);
    let plane = y + (<usize>(number / (groups * rows)) * image << 2) + (<usize>(top * width + left) << 2);
    let from = sums + (<usize>s << 4);
    for (let o: usize = 0; o < <usize>outputs; o++, plane += <usize>(height * width) << 2, from += <usize>count << 4) {
      for (let i: usize = 0; i < 6; i++) outputLine(from + i * 6 * step, step, between + i * 4 * LINE, LINE);
      for (let j: usize = 0; j < 4; j++) outputLine(between + j * LINE, 4 * LINE, inputs + j * LINE, 4 * LINE);
      const shift = bias ? v128.load_splat<f32>(bias + (o << 2)) : f32x4.splat(0);
      for (let i = 0; i < high; i++) {
        const line = inputs + <usize>i * 4 * LINE;
        // Lane k of vector j is element 4k + j of the row.
        transpose(
          f32x4.add(v128.load(line), shift), f32x4.add(v128.load(line, 16), shift),
          f32x4.add(v128.load(line, 32), shift), f32x4.add(v128.load(line, 48), shift),
          between, LINE,
        );
        const to = plane + (<usize>(i * width) << 2);
        let k = 0;
        for (; k + 4 <= wide; k += 4) v128.store(to + (<usize>k << 2), v128.load(between + (<usize>k << 2)));
        for (; k < wide; k++) store<f32>(to + (<usize>k << 2), load<f32>(between + (<usize>k << 2)));
      }
    }
  }
}
