// C (M, N) = A (M, K) · B (K, N). A file behind this one says how (tiled or direct), and one more what A, B and C are:
//
//   rowA(m) -> RowA, loadA(row, k)            elements k to k + 3 of row m of A; 0 beyond M and K
//   columnB(n) -> ColumnB, loadB(column, k)   elements k to k + 3 of column n of B; 0 beyond N and K
//   store(m, n, value)                        takes an element of C
//
// and its Params begin with those of a product, see matrix-product.ts.
//
// A workgroup makes a tile of 4·ROWS × 4·COLUMNS elements, each invocation 4 × 4 of them in registers, ROWS and
// COLUMNS apart. z counts the groups and, where K is long and C is small, slices of K, each of which makes a sum of
// its own.
override ROWS = 16u;
override COLUMNS = 16u;
override TILE_M = 4u * ROWS;
override TILE_N = 4u * COLUMNS;

var<private> group: u32;
var<private> slice: u32;

fn storeRow(m: u32, n: u32, sums: vec4f) {
  if (m < p.m) {
    storeOne(m, n, sums.x);
    storeOne(m, n + COLUMNS, sums.y);
    storeOne(m, n + 2u * COLUMNS, sums.z);
    storeOne(m, n + 3u * COLUMNS, sums.w);
  }
}

fn storeOne(m: u32, n: u32, value: f32) {
  if (n < p.n) {
    store(m, n, value);
  }
}

// a · each of four.
fn dots(a: vec4f, b0: vec4f, b1: vec4f, b2: vec4f, b3: vec4f) -> vec4f {
  return vec4f(dot(a, b0), dot(a, b1), dot(a, b2), dot(a, b3));
}
