// The ways back of Winograd's algorithm: sums of products at the points to gradients of inputs, and of windows.
import { between, LINE, rowsOf } from "./winograd";
import { dataLineBack, weightLineBack } from "./winograd-lines";

/**
 * Adds B n Bᵀ of the points' sums to the inputs that the tiles of F(2×2, 5×5) were made of: `x` begins as zeros. Groups and channels
 * are as in `winogradData`, sums as in `winogradOutputs`.
 */
export function winogradInputs(
  first: i32,
  count: i32,
  rows: i32,
  groups: i32,
  channels: i32,
  height: i32,
  width: i32,
  padH: i32,
  padW: i32,
  sums: usize,
  point: i32,
  x: usize,
  image: i32,
): void {
  const step = <usize>point << 2;
  const zero = f32x4.splat(0);
  for (let s = 0; s < count; s++) {
    const number = first + s;
    const top = ((number / groups) % rows) * 2 - padH;
    const left = (number % groups) * 8 - padW;
    const begin = max(-left, 0);
    const end = min(width - left, 12);
    const lastRow = min(height - top, 6);
    let plane = x + (<usize>(number / (groups * rows)) * image << 2);
    let from = sums + (<usize>s << 4);
    for (let c = 0; c < channels; c++, plane += <usize>(height * width) << 2, from += <usize>count << 4) {
      for (let i: usize = 0; i < 6; i++) {
        dataLineBack(from + i * 6 * step, step, between, LINE);
        // Element j of tile t goes to column 2t + j: of the even columns, and of the odd ones, three tiles meet in each.
        const d2 = v128.load(between, 32);
        const d3 = v128.load(between, 48);
        const d4 = v128.load(between, 64);
        const d5 = v128.load(between, 80);
        let even = f32x4.add(v128.load(between), v128.shuffle<f32>(d2, zero, 4, 0, 1, 2));
        even = f32x4.add(even, v128.shuffle<f32>(d4, zero, 4, 4, 0, 1));
        let odd = f32x4.add(v128.load(between, 16), v128.shuffle<f32>(d3, zero, 4, 0, 1, 2));
        odd = f32x4.add(odd, v128.shuffle<f32>(d5, zero, 4, 4, 0, 1));
        const lastEven = f32x4.add(v128.shuffle<f32>(d2, zero, 3, 4, 4, 4), v128.shuffle<f32>(d4, zero, 2, 3, 4, 4));
        const lastOdd = f32x4.add(v128.shuffle<f32>(d3, zero, 3, 4, 4, 4), v128.shuffle<f32>(d5, zero, 2, 3, 4, 4));
        const row = rowsOf + i * 3 * LINE;
        v128.store(row, v128.shuffle<f32>(even, odd, 0, 4, 1, 5));
        v128.store(row, v128.shuffle<f32>(even, odd, 2, 6, 3, 7), 16);
        v128.store(row, v128.shuffle<f32>(lastEven, lastOdd, 0, 4, 1, 5), 32);
      }
      for (let k: usize = 0; k < 3; k++) dataLineBack(rowsOf + k * LINE, 3 * LINE, between + k * LINE, 3 * LINE);
      for (let i = max(-top, 0); i < lastRow; i++) {
        const to = plane + (<usize>((top + i) * width + left) << 2);
        const row = between + <usize>i * 3 * LINE;
        let j = begin;
        for (; j + 4 <= end; j += 4) {
          const at = <usize>j << 2;
          v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(row + at)));
        }
        for (; j < end; j++) {
          const at = <usize>j << 2;
          store<f32>(to + at, load<f32>(to + at) + load<f32>(row + at));
        }
      }
    }
  }
}

/** dw = Gᵀ n G, or dw += Gᵀ n G, of the points' sums for `n` windows of `side`×`side`: four windows are the lanes of a vector. */
export function winogradWindows(side: i32, n: i32, sums: usize, point: i32, adds: bool, dw: usize): void {
  const step = <usize>point << 2;
  const area = <usize>(side * side);
  const line = <usize>side * LINE;
  for (let first = 0; first < n; first += 4, sums += LINE) {
    for (let i: usize = 0; i < 6; i++) weightLineBack(side, sums + i * 6 * step, step, between + i * line, LINE);
    for (let j: usize = 0; j < <usize>side; j++) weightLineBack(side, between + j * LINE, line, rowsOf + j * LINE, line);
    const lanes = min(4, n - first);
    for (let lane = 0; lane < lanes; lane++) {
      const from = rowsOf + (<usize>lane << 2);
      for (let k: usize = 0; k < area; k++, dw += 4) {
        const value = load<f32>(from + k * LINE);
        store<f32>(dw, adds ? load<f32>(dw) + value : value);
      }
    }
  }
}
