// Matrices with a stride for each axis: all three products of an inner product layer.
struct Params {
  numbers: vec4f,
  m: u32,
  n: u32,
  k: u32,
  tilesM: u32,
  tiles: u32,
  sliceK: u32,
  groups: u32,
  finish: u32,
  // C is added to.
  adds: u32,
  // Steps from row to row and from column to column.
  strideAM: u32,
  strideAK: u32,
  strideBK: u32,
  strideBN: u32,
  strideCM: u32,
  strideCN: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
// The same in fours.
@group(0) @binding(2) var<storage, read> a4: array<vec4f>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> b4: array<vec4f>;
// (N) or a line, see finish.wgsl
@group(0) @binding(5) var<storage, read> bias: array<f32>;
// (slices, M, N)
@group(0) @binding(6) var<storage, read_write> c: array<f32>;

// Rows of A, or columns of B, lie along K in whole fours.
override IS_WIDE_A = false;
override IS_WIDE_B = false;

struct RowA {
  start: u32,
  exists: bool,
}

fn rowA(m: u32) -> RowA {
  return RowA(m * p.strideAM, m < p.m);
}

fn loadA(row: RowA, k: u32) -> vec4f {
  if (!row.exists) {
    return vec4f();
  }
  if (IS_WIDE_A) {
    if (k < p.k) {
      return a4[(row.start + k) / 4u];
    }
    return vec4f();
  }
  let at = row.start + k * p.strideAK;
  if (k + 3u < p.k) {
    return vec4f(a[at], a[at + p.strideAK], a[at + 2u * p.strideAK], a[at + 3u * p.strideAK]);
  }
  var values = vec4f();
  for (var j = 0u; k + j < p.k; j++) {
    values[j] = a[at + j * p.strideAK];
  }
  return values;
}

struct ColumnB {
  start: u32,
  exists: bool,
}

fn columnB(n: u32) -> ColumnB {
  return ColumnB(n * p.strideBN, n < p.n);
}

fn loadB(column: ColumnB, k: u32) -> vec4f {
  if (!column.exists) {
    return vec4f();
  }
  if (IS_WIDE_B) {
    if (k < p.k) {
      return b4[(column.start + k) / 4u];
    }
    return vec4f();
  }
  let at = column.start + k * p.strideBK;
  if (k + 3u < p.k) {
    return vec4f(b[at], b[at + p.strideBK], b[at + 2u * p.strideBK], b[at + 3u * p.strideBK]);
  }
  var values = vec4f();
  for (var j = 0u; k + j < p.k; j++) {
    values[j] = b[at + j * p.strideBK];
  }
  return values;
}

fn store(m: u32, n: u32, value: f32) {
  let at = slice * p.m * p.n + m * p.strideCM + n * p.strideCN;
  if (p.adds != 0u) {
    c[at] += value;
  } else {
    c[at] = finished(value, n, p.n);
  }
}
