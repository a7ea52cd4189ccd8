// Matrix products. Where the second factor lies as columns, both factors are packed into panels that the inner loop reads
// one after the other; where it lies as rows, the rows are multiplied as they lie.

/** Rows and columns of a tile of the result: eight accumulators, a row of panels and a factor in sixteen registers. */
const ROWS = 4;
const COLUMNS = 8;
/** Length of a panel: one of 8 columns and one of 4 rows lie in the first cache. */
const DEPTH: i32 = 384;
/** Columns that are packed at a time: they lie in the second cache. */
const WIDTH: i32 = 256;
/** Rows that are multiplied with a panel of columns before the next is. */
const HEIGHT: i32 = 128;
/** Floats of a row that lie in the first cache where rows are multiplied as they lie. */
const STRIP: i32 = 1024;

/** sum + a·b, as one operation where the module is compiled for that. */
// @ts-ignore: decorator
@inline
function plus(sum: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum);
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** A tile that lies over an edge of the result. */
const edge: usize = memory.data(ROWS * COLUMNS * 4, 16);

/** Floats of memory that `product` works in. */
export function productScratch(m: i32, k: i32): i32 {
  const depth = min(k, DEPTH);
  return ((m + ROWS - 1) & -ROWS) * depth + WIDTH * depth;
}

/** c = a·b, or c += a·b: c is m×n; a is m×k, or k×m where `isTransposed`; b is k×n; rows of `ld…` floats. */
export function product(
  isTransposed: bool,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  c: usize,
  ldc: i32,
  adds: bool,
  scratch: usize,
): void {
  const panels = scratch + (<usize>(((m + ROWS - 1) & -ROWS) * min(k, DEPTH)) << 2);
  if (k == 0 && !adds) for (let i = 0; i < m; i++) memory.fill(c + (<usize>i * ldc << 2), 0, <usize>n << 2);
  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const depth = min(DEPTH, k - k0);
    if (isTransposed) packTransposed(a + (<usize>k0 * lda << 2), lda, m, depth, scratch);
    else packRows(a + (<usize>k0 << 2), lda, m, depth, scratch);
    for (let n0 = 0; n0 < n; n0 += WIDTH) {
      const width = min(WIDTH, n - n0);
      packColumns(b + (<usize>(k0 * ldb + n0) << 2), ldb, depth, width, panels);
      multiplyPanels(m, width, depth, scratch, panels, c + (<usize>n0 << 2), ldc, adds || k0 > 0);
    }
  }
}

/** Panels of four rows of a: for each of `depth` columns four elements, 0 below the last row. */
export function packRows(a: usize, lda: i32, m: i32, depth: i32, to: usize): void {
  const row = <usize>lda << 2;
  for (let i = 0; i < m; i += ROWS, to += <usize>depth << 4) {
    const a0 = a + <usize>i * row;
    if (i + ROWS > m) {
      packFewRows(a0, row, m - i, depth, to);
      continue;
    }
    const a1 = a0 + row;
    const a2 = a1 + row;
    const a3 = a2 + row;
    let j = 0;
    for (; j + 4 <= depth; j += 4) {
      const at = <usize>j << 2;
      transpose(v128.load(a0 + at), v128.load(a1 + at), v128.load(a2 + at), v128.load(a3 + at), to + (at << 2), 16);
    }
    for (; j < depth; j++) {
      const at = <usize>j << 2;
      const into = to + (at << 2);
      store<f32>(into, load<f32>(a0 + at));
      store<f32>(into, load<f32>(a1 + at), 4);
      store<f32>(into, load<f32>(a2 + at), 8);
      store<f32>(into, load<f32>(a3 + at), 12);
    }
  }
}

function packFewRows(a: usize, row: usize, rows: i32, depth: i32, to: usize): void {
  for (let j = 0; j < depth; j++, a += 4, to += 16) {
    v128.store(to, f32x4.splat(0));
    for (let i = 0; i < rows; i++) store<f32>(to + (<usize>i << 2), load<f32>(a + <usize>i * row));
  }
}

/** As `packRows`, of the rows of a's transpose: a is depth×m. */
export function packTransposed(a: usize, lda: i32, m: i32, depth: i32, to: usize): void {
  for (let j = 0; j < depth; j++, a += <usize>lda << 2) {
    let into = to + (<usize>j << 4);
    let i = 0;
    for (; i + ROWS <= m; i += ROWS, into += <usize>depth << 4) v128.store(into, v128.load(a + (<usize>i << 2)));
    if (i < m) v128.store(into, f32x4.splat(0));
    for (let r = 0; i + r < m; r++) store<f32>(into + (<usize>r << 2), load<f32>(a + (<usize>(i + r) << 2)));
  }
}

/** Panels of eight columns of b: for each of `depth` rows eight elements, 0 behind the last column. */
export function packColumns(b: usize, ldb: i32, depth: i32, width: i32, to: usize): void {
  const panel = <usize>depth << 5;
  for (let j = 0; j < depth; j++, b += <usize>ldb << 2) {
    let into = to + (<usize>j << 5);
    let i = 0;
    for (; i + COLUMNS <= width; i += COLUMNS, into += panel) {
      const from = b + (<usize>i << 2);
      v128.store(into, v128.load(from));
      v128.store(into, v128.load(from, 16), 16);
    }
    if (i == width) continue;
    v128.store(into, f32x4.splat(0));
    v128.store(into, f32x4.splat(0), 16);
    memory.copy(into, b + (<usize>i << 2), <usize>(width - i) << 2);
  }
}

/** c = a·b, or c += a·b, of panels: `m` rows in panels of four, `n` columns in panels of eight. */
export function multiplyPanels(m: i32, n: i32, depth: i32, a: usize, b: usize, c: usize, ldc: i32, adds: bool): void {
  const row = <usize>ldc << 2;
  for (let m0 = 0; m0 < m; m0 += HEIGHT) {
    const m1 = min(m0 + HEIGHT, m);
    for (let j = 0; j < n; j += COLUMNS) {
      const columns = b + (<usize>(j * depth) << 2);
      for (let i = m0; i < m1; i += ROWS) {
        const rows = a + (<usize>(i * depth) << 2);
        const to = c + <usize>i * row + (<usize>j << 2);
        if (i + ROWS <= m && j + COLUMNS <= n) multiplyTile(rows, columns, depth, to, row, adds);
        else {
          multiplyTile(rows, columns, depth, edge, COLUMNS * 4, false);
          copyEdge(min(ROWS, m - i), min(COLUMNS, n - j), to, row, adds);
        }
      }
    }
  }
}

function copyEdge(rows: i32, columns: i32, c: usize, row: usize, adds: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const value = load<f32>(edge + (<usize>(i * COLUMNS + j) << 2));
      const to = c + <usize>i * row + (<usize>j << 2);
      store<f32>(to, adds ? load<f32>(to) + value : value);
    }
  }
}

/** One tile of the result, of one panel of each factor. */
function multiplyTile(a: usize, b: usize, depth: i32, c: usize, row: usize, adds: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  const end = a + (<usize>depth << 4);
  for (; a < end; a += 16, b += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let factor = v128.load_splat<f32>(a);
    c00 = plus(c00, factor, b0);
    c01 = plus(c01, factor, b1);
    factor = v128.load_splat<f32>(a, 4);
    c10 = plus(c10, factor, b0);
    c11 = plus(c11, factor, b1);
    factor = v128.load_splat<f32>(a, 8);
    c20 = plus(c20, factor, b0);
    c21 = plus(c21, factor, b1);
    factor = v128.load_splat<f32>(a, 12);
    c30 = plus(c30, factor, b0);
    c31 = plus(c31, factor, b1);
  }
  storeRow(c, c00, c01, adds);
  storeRow(c + row, c10, c11, adds);
  storeRow(c + 2 * row, c20, c21, adds);
  storeRow(c + 3 * row, c30, c31, adds);
}

// @ts-ignore: decorator
@inline
function storeRow(c: usize, first: v128, second: v128, adds: bool): void {
  v128.store(c, adds ? f32x4.add(v128.load(c), first) : first);
  v128.store(c, adds ? f32x4.add(v128.load(c, 16), second) : second, 16);
}

/** y = x·wᵀ, or y += x·wᵀ: x is m×k, w is n×k, y is m×n; rows of `ld…` floats. */
export function rowProducts(
  m: i32,
  n: i32,
  k: i32,
  x: usize,
  ldx: i32,
  w: usize,
  ldw: i32,
  y: usize,
  ldy: i32,
  adds: bool,
): void {
  const rowX = <usize>ldx << 2;
  const rowW = <usize>ldw << 2;
  const rowY = <usize>ldy << 2;
  if (k == 0 && !adds) for (let i = 0; i < m; i++) memory.fill(y + <usize>i * rowY, 0, <usize>n << 2);
  for (let k0 = 0; k0 < k; k0 += STRIP) {
    const length = min(STRIP, k - k0);
    const at = <usize>k0 << 2;
    const isSum = adds || k0 > 0;
    for (let j = 0; j < n; j += 2) {
      const w0 = w + <usize>j * rowW + at;
      const w1 = j + 1 < n ? w0 + rowW : w0;
      let i = 0;
      for (; i + 4 <= m; i += 4) {
        multiplyRows(length, x + <usize>i * rowX + at, rowX, w0, w1, y + <usize>i * rowY + (<usize>j << 2), rowY, j + 1 < n, isSum);
      }
      for (; i < m; i++) {
        multiplyRow(length, x + <usize>i * rowX + at, w0, w1, y + <usize>i * rowY + (<usize>j << 2), j + 1 < n, isSum);
      }
    }
  }
}

/** Four rows times two. */
function multiplyRows(
  k: i32,
  x: usize,
  rowX: usize,
  w0: usize,
  w1: usize,
  y: usize,
  rowY: usize,
  hasSecond: bool,
  adds: bool,
): void {
  let s00 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s30 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s31 = f32x4.splat(0);
  let x0 = x;
  let x1 = x0 + rowX;
  let x2 = x1 + rowX;
  let x3 = x2 + rowX;
  const end = x0 + (<usize>(k & -4) << 2);
  while (x0 < end) {
    const v0 = v128.load(w0);
    const v1 = v128.load(w1);
    let u = v128.load(x0);
    s00 = plus(s00, u, v0);
    s01 = plus(s01, u, v1);
    u = v128.load(x1);
    s10 = plus(s10, u, v0);
    s11 = plus(s11, u, v1);
    u = v128.load(x2);
    s20 = plus(s20, u, v0);
    s21 = plus(s21, u, v1);
    u = v128.load(x3);
    s30 = plus(s30, u, v0);
    s31 = plus(s31, u, v1);
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
    w0 += 16;
    w1 += 16;
  }
  let first = sumsOf(s00, s10, s20, s30);
  let second = sumsOf(s01, s11, s21, s31);
  for (let r = k & 3; r > 0; r--) {
    let u = f32x4.splat(load<f32>(x0));
    u = f32x4.replace_lane(u, 1, load<f32>(x1));
    u = f32x4.replace_lane(u, 2, load<f32>(x2));
    u = f32x4.replace_lane(u, 3, load<f32>(x3));
    first = plus(first, u, v128.load_splat<f32>(w0));
    second = plus(second, u, v128.load_splat<f32>(w1));
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    w0 += 4;
    w1 += 4;
  }
  put(y, f32x4.extract_lane(first, 0), adds);
  put(y + rowY, f32x4.extract_lane(first, 1), adds);
  put(y + 2 * rowY, f32x4.extract_lane(first, 2), adds);
  put(y + 3 * rowY, f32x4.extract_lane(first, 3), adds);
  if (!hasSecond) return;
  put(y + 4, f32x4.extract_lane(second, 0), adds);
  put(y + rowY + 4, f32x4.extract_lane(second, 1), adds);
  put(y + 2 * rowY + 4, f32x4.extract_lane(second, 2), adds);
  put(y + 3 * rowY + 4, f32x4.extract_lane(second, 3), adds);
}

/** One row times two, in two sums each, so that no addition waits for the one before. */
function multiplyRow(k: i32, x: usize, w0: usize, w1: usize, y: usize, hasSecond: bool, adds: bool): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let t0 = f32x4.splat(0);
  let t1 = f32x4.splat(0);
  const end = x + (<usize>(k & -8) << 2);
  for (; x < end; x += 32, w0 += 32, w1 += 32) {
    const u = v128.load(x);
    const v = v128.load(x, 16);
    s0 = plus(s0, u, v128.load(w0));
    s1 = plus(s1, u, v128.load(w1));
    t0 = plus(t0, v, v128.load(w0, 16));
    t1 = plus(t1, v, v128.load(w1, 16));
  }
  let first = sumOf(f32x4.add(s0, t0));
  let second = sumOf(f32x4.add(s1, t1));
  for (let r = k & 7; r > 0; r--, x += 4, w0 += 4, w1 += 4) {
    first += load<f32>(x) * load<f32>(w0);
    second += load<f32>(x) * load<f32>(w1);
  }
  put(y, first, adds);
  if (hasSecond) put(y + 4, second, adds);
}

// @ts-ignore: decorator
@inline
function put(y: usize, value: f32, adds: bool): void {
  store<f32>(y, adds ? load<f32>(y) + value : value);
}

/** The sum of the four elements. */
// @ts-ignore: decorator
@inline
function sumOf(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The sums of four vectors' elements, side by side. */
// @ts-ignore: decorator
@inline
function sumsOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** Stores the columns of four rows as rows, `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function transpose(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7));
}
