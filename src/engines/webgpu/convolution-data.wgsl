// dx = Wᵀ ⊛ dy as a product: A is W turned over (inputs, taps of the outputs), B gathers, for each input position, the
// output positions whose windows have it, and N counts images and input positions.
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
  // Elements of an input plane, of an output plane, and outputs of a group.
  inSize: u32,
  outSize: u32,
  outputs: u32,
  // Of W for one input channel.
  kernelSize: u32,
  in1: u32,
  in2: u32,
  out0: u32,
  out1: u32,
  out2: u32,
  pad0: i32,
  pad1: i32,
  pad2: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (O, C / groups, taps of a channel)
@group(0) @binding(1) var<storage, read> w: array<f32>;
// (N, O, output)
@group(0) @binding(2) var<storage, read> dy: array<f32>;
// Of each tap (output of the group, kernel element): its offset in dy as seen from the input position, then its position
// on three axes; with strides, the offset of the output's plane. Taps beyond K repeat the first, and are not taken.
@group(0) @binding(3) var<storage, read> taps: array<vec4i>;
// Of each tap: its offset in W as seen from the input channel.
@group(0) @binding(4) var<storage, read> tapsOfW: array<u32>;
// More than three axes: of each kernel element and input position the output whose window has it; -1 where none does.
@group(0) @binding(5) var<storage, read> offsets: array<i32>;
@group(0) @binding(6) var<storage, read> bias: array<f32>;
// (slices, N, C, input)
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;

// Constants, because a division by a constant is cheap.
override STRIDE_0 = 1;
override STRIDE_1 = 1;
override STRIDE_2 = 1;

override IS_STRIDED = true;
// There are more than three axes: a tap and a position are numbers, and offsets say what lies there.
override IS_LISTED = false;

// Rows and columns beyond the end repeat the last ones: what comes of them is not stored.
struct RowA {
  start: u32,
}

fn rowA(m: u32) -> RowA {
  return RowA((group * p.outputs * p.m + min(m, p.m - 1u)) * p.kernelSize);
}

fn loadA(row: RowA, k: u32) -> vec4f {
  if (k + 3u < p.k) {
    return vec4f(
      w[row.start + tapsOfW[k]],
      w[row.start + tapsOfW[k + 1u]],
      w[row.start + tapsOfW[k + 2u]],
      w[row.start + tapsOfW[k + 3u]],
    );
  }
  var values = vec4f();
  for (var j = 0u; k + j < p.k; j++) {
    values[j] = w[row.start + tapsOfW[k + j]];
  }
  return values;
}

struct ColumnB {
  // Of the group's outputs of the image in dy, at the input position; and that on three axes, with the padding.
  start: i32,
  position: vec3i,
}

fn columnB(n: u32) -> ColumnB {
  let column = min(n, p.n - 1u);
  let at = column % p.inSize;
  let unpadded = vec3i(vec3u(at / (p.in1 * p.in2), at / p.in2 % p.in1, at % p.in2));
  let position = unpadded + vec3i(p.pad0, p.pad1, p.pad2);
  let start = i32((column / p.inSize * p.groups + group) * p.outputs * p.outSize);
  if (IS_STRIDED || IS_LISTED) {
    return ColumnB(start, position);
  }
  let inPlane = (position.x * i32(p.out1) + position.y) * i32(p.out2) + position.z;
  return ColumnB(start + inPlane, position);
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
    let offset = offsets[u32(tap.y) * p.inSize + u32(column.position.x)];
    return select(0.0, dy[select(0, column.start + tap.x + offset, offset >= 0)], offset >= 0);
  }
  let offset = column.position - tap.yzw;
  let outputs = vec3u(p.out0, p.out1, p.out2);
  // What is below 0 is very large without a sign.
  if (!IS_STRIDED) {
    let isInside = all(vec3u(offset) < outputs);
    return select(0.0, dy[select(0, column.start + tap.x, isInside)], isInside);
  }
  let stride = vec3i(STRIDE_0, STRIDE_1, STRIDE_2);
  let quotient = offset / stride;
  let at = vec3u(quotient);
  let isInside = all(at < outputs) & all(quotient * stride == offset);
  let inPlane = (at.x * p.out1 + at.y) * p.out2 + at.z;
  return select(0.0, dy[select(0u, u32(column.start + tap.x) + inPlane, isInside)], isInside);
}

fn store(m: u32, n: u32, value: f32) {
  let channel = group * p.m + m;
  let at = (n / p.inSize * p.groups * p.m + channel) * p.inSize + n % p.inSize;
  dx[slice * p.groups * p.m * p.n + at] = finished(value, 0u, 0u);
}
