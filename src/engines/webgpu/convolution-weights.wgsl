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
// (N, O, output)
@group(0) @binding(1) var<storage, read> dy: array<f32>;
// (N, C, input)
@group(0) @binding(2) var<storage, read> x: array<f32>;
// Of each tap (channel, kernel element): its offset from the window's corner in x, then its place on three axes.
@group(0) @binding(3) var<storage, read> taps: array<vec4i>;
// Of each output position: its window's corner, as an offset in a plane and on three axes.
@group(0) @binding(4) var<storage, read> corners: array<vec4i>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
// (slices, O, C / groups, taps of a channel)
@group(0) @binding(6) var<storage, read_write> dw: array<f32>;

struct RowA {
  channel: u32,
  exists: bool,
}

fn rowA(m: u32) -> RowA {
  return RowA(group * p.m + m, m < p.m);
}

fn loadA(row: RowA, k: u32) -> vec4f {
  var values = vec4f();
  if (!row.exists) {
    return values;
  }
  let outputs = p.groups * p.m;
  var image = k / p.outSize;
  var at = k % p.outSize;
  for (var j = 0u; j < 4u && k + j < p.k; j++) {
    values[j] = dy[(image * outputs + row.channel) * p.outSize + at];
    at++;
    if (at == p.outSize) {
      at = 0u;
      image++;
    }
  }
  return values;
}

struct ColumnB {
  tap: vec4i,
  exists: bool,
}

fn columnB(n: u32) -> ColumnB {
  return ColumnB(taps[min(n, p.n - 1u)], n < p.n);
}

fn loadB(column: ColumnB, k: u32) -> vec4f {
  var values = vec4f();
  if (!column.exists) {
    return values;
  }
  let limits = vec3i(p.in0, p.in1, p.in2);
  var start = i32(k / p.outSize * p.imageSize + group * p.groupSize) + column.tap.x;
  var at = k % p.outSize;
  for (var j = 0u; j < 4u && k + j < p.k; j++) {
    let corner = corners[at];
    let place = corner.yzw + column.tap.yzw;
    if (all(place >= vec3i()) && all(place < limits)) {
      values[j] = x[start + corner.x];
    }
    at++;
    if (at == p.outSize) {
      at = 0u;
      start += i32(p.imageSize);
    }
  }
  return values;
}

fn store(m: u32, n: u32, value: f32) {
  let at = ((slice * p.groups + group) * p.m + m) * p.n + n;
  var sum = value;
  if (p.adds != 0u) {
    sum += dw[at];
  }
  dw[at] = f(sum);
}
