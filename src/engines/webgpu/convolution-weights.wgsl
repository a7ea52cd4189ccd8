// dW = dy ⊛ x as a product: A is dy (outputs, images and positions), B gathers the taps under each position from x.
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
// (N, O, output)
@group(0) @binding(1) var<storage, read> dy: array<f32>;
// The same in fours.
@group(0) @binding(2) var<storage, read> dy4: array<vec4f>;
// (N, C, input)
@group(0) @binding(3) var<storage, read> x: array<f32>;
// Of each tap (channel, kernel element): its offset from the window's corner in x, then its position on three axes.
@group(0) @binding(4) var<storage, read> taps: array<vec4i>;
// Of each output position: its window's corner, as an offset in a plane and on three axes.
@group(0) @binding(5) var<storage, read> corners: array<vec4i>;
// More than three axes: of each kernel element and output position the offset in a plane; -1 in the padding.
@group(0) @binding(6) var<storage, read> offsets: array<i32>;
@group(0) @binding(7) var<storage, read> bias: array<f32>;
// (slices, O, C / groups, taps of a channel)
@group(0) @binding(8) var<storage, read_write> dw: array<f32>;

// Some window reaches into the padding.
override IS_PADDED = true;
// Planes of the output are whole fours.
override IS_WIDE_A = false;
// There are more than three axes: a tap and a corner are numbers, and offsets say what lies there.
override IS_LISTED = false;

// Rows and columns beyond the end repeat the last ones: what comes of them is not stored.
struct RowA {
  channel: u32,
}

fn rowA(m: u32) -> RowA {
  return RowA(group * p.m + min(m, p.m - 1u));
}

fn loadA(row: RowA, k: u32) -> vec4f {
  let image = k / p.outSize;
  let inPlane = k - image * p.outSize;
  let channels = p.groups * p.m;
  let at = (image * channels + row.channel) * p.outSize + inPlane;
  if (IS_WIDE_A) {
    if (k < p.k) {
      return dy4[at / 4u];
    }
    return vec4f();
  }
  if (k + 3u < p.k && inPlane + 3u < p.outSize) {
    return vec4f(dy[at], dy[at + 1u], dy[at + 2u], dy[at + 3u]);
  }
  var values = vec4f();
  for (var j = 0u; j < 4u && k + j < p.k; j++) {
    let next = (k + j) / p.outSize;
    values[j] = dy[(next * channels + row.channel) * p.outSize + k + j - next * p.outSize];
  }
  return values;
}

struct ColumnB {
  tap: vec4i,
}

fn columnB(n: u32) -> ColumnB {
  return ColumnB(taps[min(n, p.n - 1u)]);
}

fn loadB(column: ColumnB, k: u32) -> vec4f {
  let image = k / p.outSize;
  let inPlane = k - image * p.outSize;
  let start = i32(image * p.imageSize + group * p.groupSize) + column.tap.x;
  if (k + 3u < p.k && inPlane + 3u < p.outSize) {
    return vec4f(
      oneB(column, start, corners[inPlane]),
      oneB(column, start, corners[inPlane + 1u]),
      oneB(column, start, corners[inPlane + 2u]),
      oneB(column, start, corners[inPlane + 3u]),
    );
  }
  var values = vec4f();
  for (var j = 0u; j < 4u && k + j < p.k; j++) {
    let next = (k + j) / p.outSize;
    let first = i32(next * p.imageSize + group * p.groupSize) + column.tap.x;
    values[j] = oneB(column, first, corners[k + j - next * p.outSize]);
  }
  return values;
}

fn oneB(column: ColumnB, start: i32, corner: vec4i) -> f32 {
  if (IS_LISTED) {
    let offset = offsets[u32(column.tap.y) * p.outSize + u32(corner.y)];
    return select(0.0, x[select(0, start + offset, offset >= 0)], offset >= 0);
  }
  let at = start + corner.x;
  if (!IS_PADDED) {
    return x[at];
  }
  // What is below 0 is very large without a sign.
  let isInside = all(vec3u(corner.yzw + column.tap.yzw) < vec3u(p.in0, p.in1, p.in2));
  return select(0.0, x[select(0, at, isInside)], isInside);
}

fn store(m: u32, n: u32, value: f32) {
  let at = ((slice * p.groups + group) * p.m + m) * p.n + n;
  if (p.adds != 0u) {
    dw[at] += value;
  } else {
    dw[at] = finished(value, 0u, 0u);
  }
}
