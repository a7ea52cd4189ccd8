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
  finish: u32,
  adds: u32,
  // Elements of an input image, of the channels of one group, and of an output plane.
  imageSize: u32,
  groupSize: u32,
  outSize: u32,
  in0: u32,
  in1: u32,
  in2: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (O, C / groups, taps of a channel)
@group(0) @binding(1) var<storage, read> w: array<f32>;
// The same in fours.
@group(0) @binding(2) var<storage, read> w4: array<vec4f>;
// (N, C, input)
@group(0) @binding(3) var<storage, read> x: array<f32>;
// Of each tap (channel, kernel element): its offset from the window's corner in x, then its position on three axes. Taps
// beyond K repeat the first, and are not taken.
@group(0) @binding(4) var<storage, read> taps: array<vec4i>;
// Of each output position: its window's corner, as an offset in a plane and on three axes.
@group(0) @binding(5) var<storage, read> corners: array<vec4i>;
// More than three axes: of each kernel element and output position the offset in a plane; -1 in the padding.
@group(0) @binding(6) var<storage, read> offsets: array<i32>;
// (O) or a line, see finish.wgsl
@group(0) @binding(7) var<storage, read> bias: array<f32>;
// (slices, N, O, output)
@group(0) @binding(8) var<storage, read_write> y: array<f32>;

// Some window reaches into the padding.
override IS_PADDED = true;
// Rows of A begin at whole fours, and end there.
override IS_WIDE_A = false;
// There are more than three axes: a tap and a corner are numbers, and offsets say what lies there.
override IS_LISTED = false;

// Rows and columns beyond the end repeat the last ones: what comes of them is not stored.
struct RowA {
  start: u32,
}

fn rowA(m: u32) -> RowA {
  return RowA((group * p.m + min(m, p.m - 1u)) * p.k);
}

fn loadA(row: RowA, k: u32) -> vec4f {
  let at = row.start + k;
  if (IS_WIDE_A) {
    if (k < p.k) {
      return w4[at / 4u];
    }
    return vec4f();
  }
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
  // Of the window's corner in x, and its position on three axes.
  start: i32,
  corner: vec3i,
}

fn columnB(n: u32) -> ColumnB {
  let column = min(n, p.n - 1u);
  let corner = corners[column % p.outSize];
  let start = i32(column / p.outSize * p.imageSize + group * p.groupSize) + corner.x;
  return ColumnB(start, corner.yzw);
}

fn loadB(column: ColumnB, k: u32) -> vec4f {
  let values = vec4f(
    oneB(column, taps[k]),
    oneB(column, taps[k + 1u]),
    oneB(column, taps[k + 2u]),
    oneB(column, taps[k + 3u]),
  );
  if (k + 3u < p.k) {
    return values;
  }
  return select(vec4f(), values, vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(p.k));
}

fn oneB(column: ColumnB, tap: vec4i) -> f32 {
  if (IS_LISTED) {
    let offset = offsets[u32(tap.y) * p.outSize + u32(column.corner.x)];
    return select(0.0, x[select(0, column.start + tap.x + offset, offset >= 0)], offset >= 0);
  }
  let at = column.start + tap.x;
  if (!IS_PADDED) {
    return x[at];
  }
  // What is below 0 is very large without a sign.
  let isInside = all(vec3u(column.corner + tap.yzw) < vec3u(p.in0, p.in1, p.in2));
  return select(0.0, x[select(0, at, isInside)], isInside);
}

fn store(m: u32, n: u32, value: f32) {
  let channel = group * p.m + m;
  let at = (n / p.outSize * p.groups * p.m + channel) * p.outSize + n % p.outSize;
  y[slice * p.groups * p.m * p.n + at] = finished(value, channel, p.groups * p.m);
}
