// C (M, N) = A (M, K) · B (K, N). A file in front of this one says how (matrix-product-tiled, -quads or -direct), and one behind
// it what A, B and C are:
//
//   lengthN(phase), lengthK(phase)      of N and K; products of one run may differ in them by their phase
//   walkTo(k) -> Walk                   what is known of place k along K
//   walkOn(walk, step) -> Walk          the same as far further as `step` is from 0
//   rowA(m) -> RowA                     what is known of a row of A
//   loadA(row, k, walk) -> vec4f        its elements k to k + 3; 0 beyond K
//   blockA(m, k, walk) -> mat4x4f       [j]: element k + j of rows m to m + 3
//   columnsB(n) -> ColumnsB             what is known of columns n to n + 3 of B
//   loadB(columns, k, walk) -> mat4x4f  [j]: their element k + j; 0 beyond K
//   columnsC(n) -> vec4u, rowC(m)       where an element of C lies: the sum of both
//   channelOf(m, n)                     whose bias it gets
//   C                                   what elements of C are
//
// Rows and columns beyond the end may be anything: what comes of them is not stored. Params begin with those of a product, see
// matrix-product.ts. z counts groups, slices of K, each of which makes a sum of its own, and phases.
override ROWS = 16u;
override COLUMNS = 16u;

var<private> group: u32;
var<private> slice: u32;
var<private> phase: u32;

// The part of a product that a workgroup makes; nothing where there is none.
struct Share {
  m0: u32,
  n0: u32,
  // Of K.
  begin: u32,
  end: u32,
  exists: bool,
}

fn shareOf(workgroup: vec3u, grid: vec3u, tileM: u32, tileN: u32) -> Share {
  let tile = workgroup.x + workgroup.y * grid.x;
  let part = workgroup.z / p.groups;
  group = workgroup.z % p.groups;
  slice = part % p.slices;
  phase = part / p.slices;
  let m0 = (tile % p.tilesM) * tileM;
  let n0 = (tile / p.tilesM) * tileN;
  let begin = (part % p.slices) * p.sliceK;
  let end = min(lengthK(part / p.slices), begin + p.sliceK);
  return Share(m0, n0, begin, end, tile < p.tiles && n0 < lengthN(part / p.slices));
}

// Four rows of four.
fn storeBlock(m: u32, n: u32, rows: mat4x4f) {
  let columns = columnsC(n) + slice * p.count;
  storeRow(m, n, columns, rows[0]);
  storeRow(m + 1u, n, columns, rows[1]);
  storeRow(m + 2u, n, columns, rows[2]);
  storeRow(m + 3u, n, columns, rows[3]);
}

fn storeRow(m: u32, n: u32, columns: vec4u, sums: vec4f) {
  if (m < p.m) {
    let at = columns + rowC(m);
    storeOne(m, n, at.x, sums.x);
    storeOne(m, n + 1u, at.y, sums.y);
    storeOne(m, n + 2u, at.z, sums.z);
    storeOne(m, n + 3u, at.w, sums.w);
  }
}

fn storeOne(m: u32, n: u32, at: u32, value: f32) {
  if (n < lengthN(phase)) {
    if (p.adds != 0u) {
      c[at] = C(f32(c[at]) + value);
    } else {
      c[at] = C(finished(value, channelOf(m, n), p.channels));
    }
  }
}
