// y = W ⊛ x as a product: A is W (outputs, taps), B gathers the taps under each output position from x, and N counts
// images and positions.
struct Params {
  numbers: vec4f,
  m: u32,
  n: u32,
  k: u32,
  tilesM: u32,
  tiles: u32,
  sliceK: u32,
  groups: u32,
  hasBias: u32,
  adds: u32,
  // Elements of an input image, of the channels of one group, and of an output plane.
  imageSize: u32,
  groupSize: u32,
  outSize: u32,
  in0: i32,
  in1: i32,
  in2: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (O, C / groups, taps of a channel)
@group(0) @binding(1) var<storage, read> w: array<f32>;
// (N, C, input)
@group(0) @binding(2) var<storage, read> x: array<f32>;
// Of each tap (channel, kernel element): its offset from the window's corner in x, then its place on three axes.
@group(0) @binding(3) var<storage, read> taps: array<vec4i>;
// Of each output position: its window's corner, as an offset in a plane and on three axes.
@group(0) @binding(4) var<storage, read> corners: array<vec4i>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
// (slices, N, O, output)
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

struct RowA {
  start: u32,
  exists: bool,
}

fn rowA(m: u32) -> RowA {
  return RowA((group * p.m + m) * p.k, m < p.m);
}

fn loadA(row: RowA, k: u32) -> vec4f {
  if (!row.exists) {
    return vec4f();
  }
  let at = row.start + k;
  if (k + 3u < p.k) {
    return vec4f(w[at], w[at + 1u], w[at + 2u], w[at + 3u]);
  }
  var values = vec4f();
  for (var j = 0u; k + j < p.k; j++) {
    values[j] = w[at + j];
  }
  return values;
}

struct ColumnB {
  // Of the window's corner in x, and its place on three axes.
  start: i32,
  corner: vec3i,
  exists: bool,
}

fn columnB(n: u32) -> ColumnB {
  let image = n / p.outSize;
  let corner = corners[n % p.outSize];
  let start = i32(image * p.imageSize + group * p.groupSize) + corner.x;
  return ColumnB(start, corner.yzw, n < p.n);
}

fn loadB(column: ColumnB, k: u32) -> vec4f {
  if (!column.exists) {
    return vec4f();
  }
  return vec4f(
    oneB(column, k),
    oneB(column, k + 1u),
    oneB(column, k + 2u),
    oneB(column, k + 3u),
  );
}

fn oneB(column: ColumnB, k: u32) -> f32 {
  if (k >= p.k) {
    return 0.0;
  }
  let tap = taps[k];
  let at = column.corner + tap.yzw;
  if (any(at < vec3i()) || any(at >= vec3i(p.in0, p.in1, p.in2))) {
    return 0.0;
  }
  return x[column.start + tap.x];
}

fn store(m: u32, n: u32, value: f32) {
  let channel = group * p.m + m;
  let at = (n / p.outSize * p.groups * p.m + channel) * p.outSize + n % p.outSize;
  var sum = value;
  if (p.hasBias != 0u) {
    sum += bias[channel];
  }
  y[slice * p.groups * p.m * p.n + at] = f(sum);
}
