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
  hasBias: u32,
  adds: u32,
  // Elements of an input plane, of an output plane, and taps of one channel.
  inSize: u32,
  outSize: u32,
  kernelSize: u32,
  in1: u32,
  in2: u32,
  out0: i32,
  out1: i32,
  out2: i32,
  pad0: i32,
  pad1: i32,
  pad2: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (O, C / groups, taps of a channel)
@group(0) @binding(1) var<storage, read> w: array<f32>;
// (N, O, output)
@group(0) @binding(2) var<storage, read> dy: array<f32>;
// Of each tap (output of the group, kernel element): the output, and its place on three axes.
@group(0) @binding(3) var<storage, read> taps: array<vec4i>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
// (slices, N, C, input)
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

// Constants, because a division by a constant is cheap.
override STRIDE_0 = 1;
override STRIDE_1 = 1;
override STRIDE_2 = 1;

struct RowA {
  start: u32,
  exists: bool,
}

fn rowA(m: u32) -> RowA {
  return RowA((group * p.k / p.kernelSize * p.m + m) * p.kernelSize, m < p.m);
}

fn loadA(row: RowA, k: u32) -> vec4f {
  if (!row.exists) {
    return vec4f();
  }
  return vec4f(oneA(row, k), oneA(row, k + 1u), oneA(row, k + 2u), oneA(row, k + 3u));
}

fn oneA(row: RowA, k: u32) -> f32 {
  if (k >= p.k) {
    return 0.0;
  }
  let output = u32(taps[k].x);
  return w[row.start + output * (p.m - 1u) * p.kernelSize + k];
}

struct ColumnB {
  // Of the group's first output in dy, and the place on three axes in the padded input.
  start: u32,
  position: vec3i,
  exists: bool,
}

fn columnB(n: u32) -> ColumnB {
  let image = n / p.inSize;
  let at = n % p.inSize;
  let place = vec3i(vec3u(at / (p.in1 * p.in2), at / p.in2 % p.in1, at % p.in2));
  let outputs = p.k / p.kernelSize;
  let start = (image * p.groups + group) * outputs * p.outSize;
  return ColumnB(start, place + vec3i(p.pad0, p.pad1, p.pad2), n < p.n);
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
  let stride = vec3i(STRIDE_0, STRIDE_1, STRIDE_2);
  let offset = column.position - tap.yzw;
  let at = offset / stride;
  let output = vec3i(p.out0, p.out1, p.out2);
  if (any(offset < vec3i()) || any(at >= output) || any(at * stride != offset)) {
    return 0.0;
  }
  let inPlane = u32((at.x * p.out1 + at.y) * p.out2 + at.z);
  return dy[column.start + u32(tap.x) * p.outSize + inPlane];
}

fn store(m: u32, n: u32, value: f32) {
  let channel = group * p.m + m;
  let at = (n / p.inSize * p.groups * p.m + channel) * p.inSize + n % p.inSize;
  dx[slice * p.groups * p.m * p.n + at] = f(value);
}
