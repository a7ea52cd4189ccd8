// Made from the .wgsl files in this folder by scripts/generate-shaders.mjs (npm run gen); not to be edited.

/** batch-norm.wgsl */
export const batchNorm = `// Channels of an array (outer, length, inner) normalised to mean 0 and variance 1: one pass for the statistics, in
// slices, and one that applies them.
// Behind it may come a line per channel and a function: y = f(γ·x̂ + β).
struct Params {
  numbers: vec4f,
  eps: f32,
  outer: u32,
  length: u32,
  inner: u32,
  slices: u32,
  sliceLength: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, length, inner): x, dy
@group(0) @binding(1) var<storage, read> input: array<f32>;
// y, dx
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
// backward: the normalised values
@group(0) @binding(3) var<storage, read> normalised: array<f32>;
// (slices, length): (mean, Σ (x − mean)²) or (Σ dy, Σ dy·x̂) of a slice; behind them what means were rounded by
@group(0) @binding(4) var<storage, read_write> parts: array<vec2f>;
// (length), or (2, length): the mean and what it was rounded by
@group(0) @binding(5) var<storage, read> mean: array<f32>;
@group(0) @binding(6) var<storage, read> variance: array<f32>;
@group(0) @binding(7) var<storage, read_write> newMean: array<f32>;
@group(0) @binding(8) var<storage, read_write> newVariance: array<f32>;
// The normalised values once more, for backward.
@group(0) @binding(9) var<storage, read_write> kept: array<f32>;
// (length)
@group(0) @binding(10) var<storage, read> gamma: array<f32>;
@group(0) @binding(11) var<storage, read> beta: array<f32>;

// The output is the input, or the gradient, too.
override IN_PLACE = false;
// dx = dy / σ: the statistics do not depend on x.
override IS_GLOBAL = false;
override HAS_GAMMA = false;
override HAS_BETA = false;
override HAS_POSTS = false;
// Of the mean its rounding error is kept too: it counts where all are nearly alike and nothing is added to the variance.
override KEEPS_REST = false;
// 0: 1/√(variance + eps). 1: 1/(√variance + eps). 2: 1.
override DIVISOR = 0u;

fn at(i: u32) -> f32 {
  if (IN_PLACE) {
    return output[i];
  }
  return input[i];
}

fn factorOf(l: u32) -> f32 {
  if (HAS_GAMMA) {
    return gamma[l];
  }
  return 1.0;
}

// γ·x̂ + β
fn onLine(l: u32, value: f32) -> f32 {
  if (HAS_BETA) {
    return factorOf(l) * value + beta[l];
  }
  return factorOf(l) * value;
}

// The gradient of the line: of y, through f.
fn gradientAt(i: u32, l: u32) -> f32 {
  if (!HAS_POSTS) {
    return at(i);
  }
  let x = onLine(l, normalised[i]);
  return df(x, f(x), at(i));
}

fn indexOf(l: u32, j: u32) -> u32 {
  return (j / p.inner * p.length + l) * p.inner + j % p.inner;
}

// x − mean
fn deviationOf(x: f32, l: u32) -> f32 {
  if (KEEPS_REST) {
    return x - mean[l] - mean[p.length + l];
  }
  return x - mean[l];
}

fn inverse(v: f32) -> f32 {
  if (DIVISOR == 0u) {
    return 1.0 / rootOf(v + p.eps);
  }
  if (DIVISOR == 1u) {
    return 1.0 / (rootOf(v) + p.eps);
  }
  return 1.0;
}

// Mean and squared deviations of each slice of each channel, one after the other, so that nothing cancels.
@compute @workgroup_size(WIDTH)
fn statistics(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let begin = workgroup.y * p.sliceLength;
  let end = min(begin + p.sliceLength, p.outer * p.inner);
  for (var l = workgroup.x; l < p.length; l += grid.x) {
    var sum = 0.0;
    for (var j = begin + lane.index; j < end; j += WIDTH) {
      sum += input[indexOf(l, j)];
    }
    let m = workgroupSum(lane, vec2f(sum, 0.0)).x / f32(end - begin);
    // (Σ d², Σ d): what the mean was rounded by is known from the deviations d, which are small.
    var sums = vec2f();
    for (var j = begin + lane.index; j < end; j += WIDTH) {
      let deviation = input[indexOf(l, j)] - m;
      sums += deviation * vec2f(deviation, 1.0);
    }
    let total = workgroupSum(lane, sums);
    if (lane.index == 0u) {
      let rounded = select(0.0, total.y / f32(end - begin), isFinite(total.x));
      let i = workgroup.y * p.length + l;
      parts[i] = vec2f(select(m + rounded, m, KEEPS_REST), total.x - rounded * total.y);
      if (KEEPS_REST) {
        parts[p.slices * p.length + i] = vec2f(rounded, 0.0);
      }
    }
  }
}

// What the mean of a slice was rounded by.
fn restOf(part: u32) -> f32 {
  if (KEEPS_REST) {
    return parts[p.slices * p.length + part].x;
  }
  return 0.0;
}

// Mean and variance of each channel from those of its slices.
@compute @workgroup_size(WIDTH)
fn merge(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let size = p.outer * p.inner;
  for (var l = id.x; l < p.length; l += WIDTH * grid.x) {
    let m = parts[l].x;
    var rest = restOf(l);
    var squares = parts[l].y;
    var seen = f32(min(p.sliceLength, size));
    for (var s = 1u; s < p.slices; s++) {
      let i = s * p.length + l;
      let count = f32(min(p.sliceLength, size - s * p.sliceLength));
      let delta = parts[i].x - m + (restOf(i) - rest);
      let both = seen + count;
      rest += delta * count / both;
      squares += parts[i].y + delta * delta * seen * count / both;
      seen = both;
    }
    newMean[l] = select(m + rest, m, KEEPS_REST);
    if (KEEPS_REST) {
      newMean[p.length + l] = rest;
    }
    newVariance[l] = squares / f32(size);
  }
}

@compute @workgroup_size(WIDTH)
fn apply(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.outer * p.length * p.inner; i += WIDTH * grid.x) {
    let l = i / p.inner % p.length;
    output[i] = f(onLine(l, deviationOf(at(i), l) * inverse(variance[l])));
  }
}

@compute @workgroup_size(WIDTH)
fn applyAndKeep(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.outer * p.length * p.inner; i += WIDTH * grid.x) {
    let l = i / p.inner % p.length;
    let value = deviationOf(at(i), l) * inverse(variance[l]);
    output[i] = f(onLine(l, value));
    kept[i] = value;
  }
}

// Σ g and Σ g·x̂ of each slice of each channel, g being the gradient of the line: those of β and γ, too.
@compute @workgroup_size(WIDTH)
fn gradientSums(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let begin = workgroup.y * p.sliceLength;
  let end = min(begin + p.sliceLength, p.outer * p.inner);
  for (var l = workgroup.x; l < p.length; l += grid.x) {
    var sums = vec2f();
    for (var j = begin + lane.index; j < end; j += WIDTH) {
      let i = indexOf(l, j);
      sums += gradientAt(i, l) * vec2f(1.0, normalised[i]);
    }
    let total = workgroupSum(lane, sums);
    if (lane.index == 0u) {
      parts[workgroup.y * p.length + l] = total;
    }
  }
}

// dx = γ · (g − mean(g) − x̂ · mean(g·x̂)) / σ
@compute @workgroup_size(WIDTH)
fn gradient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let size = f32(p.outer * p.inner);
  for (var i = id.x; i < p.outer * p.length * p.inner; i += WIDTH * grid.x) {
    let l = i / p.inner % p.length;
    if (IS_GLOBAL) {
      output[i] = gradientAt(i, l) * factorOf(l) * inverse(variance[l]);
    } else {
      var sums = vec2f();
      for (var s = 0u; s < p.slices; s++) {
        sums += parts[s * p.length + l];
      }
      let along = normalised[i] * select(sums.y / size, 0.0, DIVISOR == 2u);
      let own = gradientAt(i, l) - sums.x / size - along;
      output[i] = own * factorOf(l) * inverse(variance[l]);
    }
  }
}
`;

/** broadcast.wgsl */
export const broadcast = `// A vector over an array (outer, length, inner), one element for each l.
struct Params {
  count: u32,
  length: u32,
  inner: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, length, inner)
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
// (length)
@group(0) @binding(3) var<storage, read> vector: array<f32>;
// scaleAndShift: (length); slopeBackward: x, (outer, length, inner)
@group(0) @binding(4) var<storage, read> other: array<f32>;

// The output is the input, too.
override IN_PLACE = false;

fn at(i: u32) -> f32 {
  if (IN_PLACE) {
    return output[i];
  }
  return input[i];
}

fn channelOf(i: u32) -> u32 {
  return i / p.inner % p.length;
}

@compute @workgroup_size(256)
fn scale(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    output[i] = at(i) * vector[channelOf(i)];
  }
}

@compute @workgroup_size(256)
fn scaleAndShift(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let l = channelOf(i);
    output[i] = at(i) * vector[l] + other[l];
  }
}

@compute @workgroup_size(256)
fn shift(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    output[i] = at(i) + vector[channelOf(i)];
  }
}

// PReLU
@compute @workgroup_size(256)
fn slope(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let x = at(i);
    output[i] = larger(x, 0.0) + vector[channelOf(i)] * smaller(x, 0.0);
  }
}

@compute @workgroup_size(256)
fn slopeBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    output[i] = at(i) * select(vector[channelOf(i)], 1.0, other[i] > 0.0);
  }
}
`;

/** channel-sums.wgsl */
export const channelSums = `// Two sums for each channel l of arrays (outer, length, inner): first in slices, then over the slices in their order.
struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  slices: u32,
  // Elements of a channel, or rows of the columns form, in one slice.
  sliceLength: u32,
  // finish: which of the two, and whether it is added to what is there.
  which: u32,
  adds: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, length, inner)
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
// (slices, length)
@group(0) @binding(3) var<storage, read_write> parts: array<vec2f>;

// 0: Σ a and Σ a·b. 1: Σ a. 2: Σ a·b where b < 0.
override KIND = 0u;

fn terms(i: u32) -> vec2f {
  if (KIND == 0u) {
    return vec2f(a[i], a[i] * b[i]);
  }
  if (KIND == 1u) {
    return vec2f(a[i], 0.0);
  }
  return vec2f(a[i] * smaller(b[i], 0.0), 0.0);
}

// A workgroup for a channel and a slice.
@compute @workgroup_size(WIDTH)
fn rows(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let begin = workgroup.y * p.sliceLength;
  let end = min(begin + p.sliceLength, p.outer * p.inner);
  for (var l = workgroup.x; l < p.length; l += grid.x) {
    var sum = vec2f();
    for (var j = begin + lane.index; j < end; j += WIDTH) {
      sum += terms((j / p.inner * p.length + l) * p.inner + j % p.inner);
    }
    let total = workgroupSum(lane, sum);
    if (lane.index == 0u) {
      parts[workgroup.y * p.length + l] = total;
    }
  }
}

// inner = 1: an invocation for a channel and a slice of the rows.
@compute @workgroup_size(WIDTH)
fn columns(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  let begin = workgroup.y * p.sliceLength;
  let end = min(begin + p.sliceLength, p.outer);
  for (var l = id.x; l < p.length; l += WIDTH * grid.x) {
    var sum = vec2f();
    for (var o = begin; o < end; o++) {
      sum += terms(o * p.length + l);
    }
    parts[workgroup.y * p.length + l] = sum;
  }
}

// (length)
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(WIDTH)
fn finish(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var l = id.x; l < p.length; l += WIDTH * grid.x) {
    var sum = 0.0;
    for (var s = 0u; s < p.slices; s++) {
      sum += parts[s * p.length + l][p.which];
    }
    sums[l] = sum + select(0.0, sums[l], p.adds != 0u);
  }
}
`;

/** contrastive-loss.wgsl */
export const contrastiveLoss = `// Pairs (pairs, channels) that are drawn together where they are similar, and driven apart up to a margin where not.
struct Params {
  scale: f32,
  margin: f32,
  pairs: u32,
  channels: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (pairs, channels)
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
// (pairs)
@group(0) @binding(3) var<storage, read> similar: array<f32>;
// the loss (1), or the gradient (pairs, channels)
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

// The margin is for the squared distance.
override IS_LEGACY = false;

// Keeps the gradient finite where both of a pair are the same.
const NEAR_ZERO = 1e-4;

// One workgroup, a pair for each invocation.
@compute @workgroup_size(WIDTH)
fn loss(lane: Lane) {
  var sum = 0.0;
  for (var i = lane.index; i < p.pairs; i += WIDTH) {
    var square = 0.0;
    for (var c = 0u; c < p.channels; c++) {
      let difference = a[i * p.channels + c] - b[i * p.channels + c];
      square += difference * difference;
    }
    if (i32(similar[i]) != 0) {
      sum += square;
    } else if (IS_LEGACY) {
      sum += larger(p.margin - square, 0.0);
    } else {
      let gap = larger(p.margin - rootOf(square), 0.0);
      sum += gap * gap;
    }
  }
  let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
  if (lane.index == 0u) {
    result[0] = p.scale * total;
  }
}

// A pair for each workgroup.
@compute @workgroup_size(WIDTH)
fn gradient(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = workgroup.x; i < p.pairs; i += grid.x) {
    var part = 0.0;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      let difference = a[i * p.channels + c] - b[i * p.channels + c];
      part += difference * difference;
    }
    let square = workgroupSum(lane, vec2f(part, 0.0)).x;
    var slope = p.scale;
    if (i32(similar[i]) == 0) {
      let distance = rootOf(square);
      let gap = p.margin - select(distance, square, IS_LEGACY);
      let steep = select(gap / (distance + NEAR_ZERO), 1.0, IS_LEGACY);
      slope = select(0.0, -p.scale * steep, gap > 0.0);
    }
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      let at = i * p.channels + c;
      result[at] = slope * (a[at] - b[at]);
    }
  }
}
`;

/** convolution-data.wgsl */
export const convolutionData = `// dx = Wᵀ ⊛ dy as a product: A is W turned over (inputs, taps of the outputs), B gathers, for each input position, the
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
// Of each tap (output of the group, kernel element): its offset in dy as seen from the input position, then its place
// on three axes; with strides, the offset of the output's plane. Taps beyond K repeat the first, and are not taken.
@group(0) @binding(3) var<storage, read> taps: array<vec4i>;
// Of each tap: its offset in W as seen from the input channel.
@group(0) @binding(4) var<storage, read> tapsOfW: array<u32>;
// More than three axes: of each kernel element and input position the output whose window has it; -1 where none does.
@group(0) @binding(5) var<storage, read> places: array<i32>;
@group(0) @binding(6) var<storage, read> bias: array<f32>;
// (slices, N, C, input)
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;

// Constants, because a division by a constant is cheap.
override STRIDE_0 = 1;
override STRIDE_1 = 1;
override STRIDE_2 = 1;

override IS_STRIDED = true;
// There are more than three axes: a tap and a position are numbers, and places say what lies there.
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
  let place = vec3i(vec3u(at / (p.in1 * p.in2), at / p.in2 % p.in1, at % p.in2));
  let position = place + vec3i(p.pad0, p.pad1, p.pad2);
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
    let place = places[u32(tap.y) * p.inSize + u32(column.position.x)];
    return select(0.0, dy[select(0, column.start + tap.x + place, place >= 0)], place >= 0);
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
`;

/** convolution-forward.wgsl */
export const convolutionForward = `// y = W ⊛ x as a product: A is W (outputs, taps), B gathers the taps under each output position from x, and N counts
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
// Of each tap (channel, kernel element): its offset from the window's corner in x, then its place on three axes. Taps
// beyond K repeat the first, and are not taken.
@group(0) @binding(4) var<storage, read> taps: array<vec4i>;
// Of each output position: its window's corner, as an offset in a plane and on three axes.
@group(0) @binding(5) var<storage, read> corners: array<vec4i>;
// More than three axes: of each kernel element and output position the offset in a plane; -1 in the padding.
@group(0) @binding(6) var<storage, read> places: array<i32>;
// (O) or a line, see finish.wgsl
@group(0) @binding(7) var<storage, read> bias: array<f32>;
// (slices, N, O, output)
@group(0) @binding(8) var<storage, read_write> y: array<f32>;

// Some window reaches into the padding.
override IS_PADDED = true;
// Rows of A begin at whole fours, and end there.
override IS_WIDE_A = false;
// There are more than three axes: a tap and a corner are numbers, and places say what lies there.
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
  // Of the window's corner in x, and its place on three axes.
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
    let place = places[u32(tap.y) * p.outSize + u32(column.corner.x)];
    return select(0.0, x[select(0, column.start + tap.x + place, place >= 0)], place >= 0);
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
`;

/** convolution-weights.wgsl */
export const convolutionWeights = `// dW = dy ⊛ x as a product: A is dy (outputs, images and positions), B gathers the taps under each position from x.
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
// Of each tap (channel, kernel element): its offset from the window's corner in x, then its place on three axes.
@group(0) @binding(4) var<storage, read> taps: array<vec4i>;
// Of each output position: its window's corner, as an offset in a plane and on three axes.
@group(0) @binding(5) var<storage, read> corners: array<vec4i>;
// More than three axes: of each kernel element and output position the offset in a plane; -1 in the padding.
@group(0) @binding(6) var<storage, read> places: array<i32>;
@group(0) @binding(7) var<storage, read> bias: array<f32>;
// (slices, O, C / groups, taps of a channel)
@group(0) @binding(8) var<storage, read_write> dw: array<f32>;

// Some window reaches into the padding.
override IS_PADDED = true;
// Planes of the output are whole fours.
override IS_WIDE_A = false;
// There are more than three axes: a tap and a corner are numbers, and places say what lies there.
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
  let place = k - image * p.outSize;
  let channels = p.groups * p.m;
  let at = (image * channels + row.channel) * p.outSize + place;
  if (IS_WIDE_A) {
    if (k < p.k) {
      return dy4[at / 4u];
    }
    return vec4f();
  }
  if (k + 3u < p.k && place + 3u < p.outSize) {
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
  let place = k - image * p.outSize;
  let start = i32(image * p.imageSize + group * p.groupSize) + column.tap.x;
  if (k + 3u < p.k && place + 3u < p.outSize) {
    return vec4f(
      oneB(column, start, corners[place]),
      oneB(column, start, corners[place + 1u]),
      oneB(column, start, corners[place + 2u]),
      oneB(column, start, corners[place + 3u]),
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
    let place = places[u32(column.tap.y) * p.outSize + u32(corner.y)];
    return select(0.0, x[select(0, start + place, place >= 0)], place >= 0);
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
`;

/** copies.wgsl */
export const copies = `// Elements that move from one array to another: blocks side by side, boxes, repetitions, picked rows.
struct Params {
  count: u32,
  // concat: elements of a block in the smaller array, of one in the larger, and where the smaller begins there.
  // tile: copies, elements of a block. gather: rows, elements of a row, picks.
  a: u32,
  b: u32,
  c: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
// gather: (picks). crop: for each axis its length in the whole, its length in the box, the offset, and 0
@group(0) @binding(3) var<storage, read> index: array<f32>;
@group(0) @binding(4) var<storage, read> axes: array<vec4u>;

// The larger array's element that belongs to element i of the smaller.
fn besideOthers(i: u32) -> u32 {
  return i / p.a * p.b + p.c + i % p.a;
}

@compute @workgroup_size(256)
fn join(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[besideOthers(i)] = x[i];
  }
}

@compute @workgroup_size(256)
fn cut(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = x[besideOthers(i)];
  }
}

// The whole's element that belongs to element i of the box.
fn inWhole(i: u32) -> u32 {
  var rest = i;
  var at = 0u;
  var step = 1u;
  for (var a = i32(p.a) - 1; a >= 0; a--) {
    let axis = axes[a];
    at += (rest % axis.y + axis.z) * step;
    step *= axis.x;
    rest /= axis.y;
  }
  return at;
}

@compute @workgroup_size(256)
fn crop(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = x[inWhole(i)];
  }
}

@compute @workgroup_size(256)
fn uncrop(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[inWhole(i)] = x[i];
  }
}

@compute @workgroup_size(256)
fn tile(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = x[i / (p.a * p.b) * p.b + i % p.b];
  }
}

@compute @workgroup_size(256)
fn untile(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let first = i / p.b * p.a * p.b + i % p.b;
    var sum = 0.0;
    for (var t = 0u; t < p.a; t++) {
      sum += x[first + t * p.b];
    }
    y[i] = sum;
  }
}

@compute @workgroup_size(256)
fn gather(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = x[u32(index[i / p.b]) * p.b + i % p.b];
  }
}

// The first pick of a row adds up all picks of it, in their order: no two write to one element.
@compute @workgroup_size(256)
fn scatter(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let pick = i / p.b;
    let row = u32(index[pick]);
    var isFirst = true;
    for (var j = 0u; j < pick && isFirst; j++) {
      isFirst = u32(index[j]) != row;
    }
    if (isFirst) {
      var sum = 0.0;
      for (var j = pick; j < p.c; j++) {
        if (u32(index[j]) == row) {
          sum += x[j * p.b + i % p.b];
        }
      }
      y[row * p.b + i % p.b] += sum;
    }
  }
}
`;

/** depthwise.wgsl */
export const depthwise = `// Depthwise convolution: every input channel is a group of its own, and has \`multiplier\` outputs. Each invocation makes
// one element; neighbours read neighbours.
struct Params {
  numbers: vec4f,
  // Of y (forward), dx (backwardData) or dW (backwardWeights).
  count: u32,
  finish: u32,
  outputs: u32,
  multiplier: u32,
  // Elements of an input plane, of an output plane, and of one output's W.
  inSize: u32,
  outSize: u32,
  kernelSize: u32,
  // backwardWeights: images and positions, and how many of them a slice has.
  extent: u32,
  sliceLength: u32,
  in0: i32,
  in1: i32,
  in2: i32,
  out0: i32,
  out1: i32,
  out2: i32,
  pad0: i32,
  pad1: i32,
  pad2: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// forward, backwardWeights: x (N, C, input); backwardData: dy (N, O, output)
@group(0) @binding(1) var<storage, read> input: array<f32>;
// (O, 1, kernel)
@group(0) @binding(2) var<storage, read> w: array<f32>;
// (N, O, output)
@group(0) @binding(3) var<storage, read> dy: array<f32>;
// (O) or a line, see finish.wgsl
@group(0) @binding(4) var<storage, read> bias: array<f32>;
// y (N, O, output), dx (N, C, input), or (slices, O, kernel) parts of dW
@group(0) @binding(5) var<storage, read_write> result: array<f32>;

// Constants, because loops of constant length are unrolled and a division by a constant is cheap.
override KERNEL_0 = 1;
override KERNEL_1 = 1;
override KERNEL_2 = 1;
override STRIDE_0 = 1;
override STRIDE_1 = 1;
override STRIDE_2 = 1;
override DILATION_0 = 1;
override DILATION_1 = 1;
override DILATION_2 = 1;

fn inputPlace(i: i32) -> vec3i {
  return vec3i(i / (p.in1 * p.in2), i / p.in2 % p.in1, i % p.in2);
}

fn outputPlace(i: i32) -> vec3i {
  return vec3i(i / (p.out1 * p.out2), i / p.out2 % p.out1, i % p.out2);
}

fn isIn(at: i32, length: i32) -> bool {
  return at >= 0 && at < length;
}

@compute @workgroup_size(256)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let stride = vec3i(STRIDE_0, STRIDE_1, STRIDE_2);
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let plane = i / p.outSize;
    let output = plane % p.outputs;
    let corner = outputPlace(i32(i % p.outSize)) * stride - vec3i(p.pad0, p.pad1, p.pad2);
    let start = i32(plane / p.multiplier * p.inSize);
    var tap = output * p.kernelSize;
    var sum = 0.0;
    for (var a = 0; a < KERNEL_0; a++) {
      let x = corner.x + a * DILATION_0;
      for (var b = 0; b < KERNEL_1; b++) {
        let y = corner.y + b * DILATION_1;
        let row = start + (x * p.in1 + y) * p.in2;
        let isRow = isIn(x, p.in0) && isIn(y, p.in1);
        for (var c = 0; c < KERNEL_2; c++) {
          let z = corner.z + c * DILATION_2;
          if (isRow && isIn(z, p.in2)) {
            sum += w[tap] * input[row + z];
          }
          tap++;
        }
      }
    }
    result[i] = finished(sum, output, p.outputs);
  }
}

// dx: each input element gathers from the windows that have it.
@compute @workgroup_size(256)
fn backwardData(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let channels = p.outputs / p.multiplier;
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let place = inputPlace(i32(i % p.inSize)) + vec3i(p.pad0, p.pad1, p.pad2);
    let plane = i / p.inSize;
    var sum = 0.0;
    for (var m = 0u; m < p.multiplier; m++) {
      let output = plane % channels * p.multiplier + m;
      let start = i32((plane / channels * p.outputs + output) * p.outSize);
      var tap = output * p.kernelSize;
      for (var a = 0; a < KERNEL_0; a++) {
        let x = place.x - a * DILATION_0;
        for (var b = 0; b < KERNEL_1; b++) {
          let y = place.y - b * DILATION_1;
          let row = start + (x / STRIDE_0 * p.out1 + y / STRIDE_1) * p.out2;
          let isRow = isHit(x, STRIDE_0, p.out0) && isHit(y, STRIDE_1, p.out1);
          for (var c = 0; c < KERNEL_2; c++) {
            let z = place.z - c * DILATION_2;
            if (isRow && isHit(z, STRIDE_2, p.out2)) {
              sum += w[tap] * input[row + z / STRIDE_2];
            }
            tap++;
          }
        }
      }
    }
    result[i] = sum;
  }
}

// Whether a window begins there.
fn isHit(at: i32, stride: i32, length: i32) -> bool {
  return at >= 0 && at % stride == 0 && at / stride < length;
}

// Parts of dW: an invocation for a tap of an output and a slice of the images and positions.
@compute @workgroup_size(256)
fn backwardWeights(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  let stride = vec3i(STRIDE_0, STRIDE_1, STRIDE_2);
  let begin = workgroup.y * p.sliceLength;
  let end = min(begin + p.sliceLength, p.extent);
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let output = i / p.kernelSize;
    let t = i32(i % p.kernelSize);
    let tap = vec3i(t / (KERNEL_1 * KERNEL_2), t / KERNEL_2 % KERNEL_1, t % KERNEL_2);
    let offset = tap * vec3i(DILATION_0, DILATION_1, DILATION_2) - vec3i(p.pad0, p.pad1, p.pad2);
    var image = begin / p.outSize;
    var inPlane = begin % p.outSize;
    var place = outputPlace(i32(inPlane));
    var sum = 0.0;
    for (var j = begin; j < end; j++) {
      let at = place * stride + offset;
      if (isIn(at.x, p.in0) && isIn(at.y, p.in1) && isIn(at.z, p.in2)) {
        let plane = image * p.outputs + output;
        let x = i32(plane / p.multiplier * p.inSize) + (at.x * p.in1 + at.y) * p.in2 + at.z;
        sum += dy[plane * p.outSize + inPlane] * input[x];
      }
      // The next position: no division for each.
      inPlane++;
      place.z++;
      if (place.z == p.out2) {
        place = vec3i(place.x, place.y + 1, 0);
        if (place.y == p.out1) {
          place = vec3i(place.x + 1, 0, 0);
          if (place.x == p.out0) {
            place.x = 0;
            inPlane = 0u;
            image++;
          }
        }
      }
    }
    result[workgroup.y * p.count + i] = sum;
  }
}
`;

/** dropout.wgsl */
export const dropout = `// y = 0 where the element's random word is below the threshold, else scale · x.
struct Params {
  scale: f32,
  count: u32,
  threshold: u32,
  stream: u32,
  turn: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (count)
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override IN_PLACE = false;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    // NaN times 0 stays NaN.
    let factor = select(0.0, p.scale, randomBits(p.stream, p.turn, i) >= p.threshold);
    if (IN_PLACE) {
      y[i] *= factor;
    } else {
      y[i] = factor * x[i];
    }
  }
}
`;

/** eltwise.wgsl */
export const eltwise = `// Two arrays at a time combined element by element; more inputs are taken in one after the other.
// f comes behind a sum.
struct Params {
  numbers: vec4f,
  alpha: f32,
  beta: f32,
  count: u32,
  // Of the input that is taken in, or whose gradient is wanted.
  number: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All (count).
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
// MAX: which input each element came from.
@group(0) @binding(4) var<storage, read_write> winner: array<i32>;

@compute @workgroup_size(256)
fn sum(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = f(p.alpha * a[i] + p.beta * b[i]);
  }
}

// y = alpha · a + beta · y
@compute @workgroup_size(256)
fn axpby(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = f(p.alpha * a[i] + p.beta * y[i]);
  }
}

@compute @workgroup_size(256)
fn scaled(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = f(p.alpha * a[i]);
  }
}

// dx = alpha · f'(y) · dy, of an f whose gradient y alone tells
@compute @workgroup_size(256)
fn throughFunction(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = p.alpha * df(b[i], b[i], a[i]);
  }
}

@compute @workgroup_size(256)
fn product(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = a[i] * b[i];
  }
}

@compute @workgroup_size(256)
fn multiplyBy(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] *= a[i];
  }
}

// y = y · a / b
@compute @workgroup_size(256)
fn multiplyByQuotient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] *= a[i] / b[i];
  }
}

@compute @workgroup_size(256)
fn largest(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let isSecond = !isGreater(a[i], b[i]);
    y[i] = select(a[i], b[i], isSecond);
    winner[i] = select(0, 1, isSecond);
  }
}

@compute @workgroup_size(256)
fn largerOf(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    if (isGreater(a[i], y[i])) {
      y[i] = a[i];
      winner[i] = p.number;
    }
  }
}

// dx = dy where this input won
@compute @workgroup_size(256)
fn whereWon(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = select(0.0, a[i], winner[i] == p.number);
  }
}
`;

/** finish.wgsl */
export const finish = `// What becomes of a sum on its way out, where p.finish says so: 1, a bias per channel is added; 2, it is a line, what is
// added before the factors, these, and what is added behind. Then comes f.
fn finished(sum: f32, channel: u32, channels: u32) -> f32 {
  if (p.finish == 1u) {
    return f(sum + bias[channel]);
  }
  if (p.finish == 2u) {
    return f((sum + bias[channel]) * bias[channels + channel] + bias[2u * channels + channel]);
  }
  return f(sum);
}
`;

/** im2col.wgsl */
export const im2col = `// The windows of a convolution as columns: y(n, c, k…, p…) = x(n, c, p·stride − pad + k·dilation), 0 in the padding.
struct Params {
  count: u32,
  inSize: u32,
  outSize: u32,
  kernelSize: u32,
  in0: i32,
  in1: i32,
  in2: i32,
  out0: i32,
  out1: i32,
  out2: i32,
  stride0: i32,
  stride1: i32,
  stride2: i32,
  pad0: i32,
  pad1: i32,
  pad2: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// forward: x (N, C, input); backward: dy (N, C, kernel, output)
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
// Of each kernel element: its offset from the window's corner, and its place on three axes.
@group(0) @binding(3) var<storage, read> taps: array<vec4i>;
// Of each output position: its window's corner, as an offset in a plane and on three axes.
@group(0) @binding(4) var<storage, read> corners: array<vec4i>;
// More than three axes: of each kernel element and output position the offset of the input, or the other way round;
// -1 where there is none.
@group(0) @binding(5) var<storage, read> places: array<i32>;

// There are more than three axes.
override IS_LISTED = false;

fn isInside(place: vec3i) -> bool {
  return all(place >= vec3i()) && all(place < vec3i(p.in0, p.in1, p.in2));
}

@compute @workgroup_size(256)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let plane = i / (p.outSize * p.kernelSize) * p.inSize;
    if (IS_LISTED) {
      let place = places[i % (p.outSize * p.kernelSize)];
      output[i] = select(0.0, input[select(0u, plane + u32(place), place >= 0)], place >= 0);
      continue;
    }
    let tap = taps[i / p.outSize % p.kernelSize];
    let corner = corners[i % p.outSize];
    var value = 0.0;
    if (isInside(corner.yzw + tap.yzw)) {
      value = input[i32(plane) + corner.x + tap.x];
    }
    output[i] = value;
  }
}

// Each input element adds up what the windows hold of it.
@compute @workgroup_size(256)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let stride = vec3i(p.stride0, p.stride1, p.stride2);
  let outputs = vec3i(p.out0, p.out1, p.out2);
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let plane = i / p.inSize * p.kernelSize * p.outSize;
    let own = i32(i % p.inSize);
    let place = vec3i(own / (p.in1 * p.in2), own / p.in2 % p.in1, own % p.in2);
    var sum = 0.0;
    for (var k = 0u; k < p.kernelSize; k++) {
      if (IS_LISTED) {
        let place = places[k * p.inSize + u32(own)];
        if (place >= 0) {
          sum += input[plane + k * p.outSize + u32(place)];
        }
        continue;
      }
      let offset = place + vec3i(p.pad0, p.pad1, p.pad2) - taps[k].yzw;
      let at = offset / stride;
      if (all(offset >= vec3i()) && all(at < outputs) && all(at * stride == offset)) {
        sum += input[plane + k * p.outSize + u32((at.x * p.out1 + at.y) * p.out2 + at.z)];
      }
    }
    output[i] = sum;
  }
}
`;

/** inner-product.wgsl */
export const innerProduct = `// Matrices with a stride for each axis: all three products of an inner product layer.
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
`;

/** join-lines.wgsl */
export const joinLines = `// A product's bias and the lines behind it as one line per channel: (x + A)·S + B, where A takes in the bias and the
// center of a normalisation right behind it, so that nothing cancels far from 0. One run for each line.
struct Params {
  channels: u32,
  isFirst: u32,
  // There is a bias of the product's own, and a shift of this line, which may be the center before it instead.
  hasOwn: u32,
  hasShift: u32,
  isCenter: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All (channels).
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> shift: array<f32>;
@group(0) @binding(3) var<storage, read> own: array<f32>;
// (3, channels): A, S, B
@group(0) @binding(4) var<storage, read_write> lines: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var c = id.x; c < p.channels; c += 256u * grid.x) {
    var line = vec3f(0.0, 1.0, 0.0);
    if (p.isFirst == 0u) {
      line = vec3f(lines[c], lines[p.channels + c], lines[2u * p.channels + c]);
    } else if (p.hasOwn != 0u) {
      line.x = own[c];
    }
    if (p.isCenter != 0u && p.isFirst != 0u) {
      line.x -= shift[c];
    } else if (p.isCenter != 0u) {
      line.z -= shift[c];
    }
    line = vec3f(line.x, line.yz * scale[c]);
    if (p.hasShift != 0u && p.isCenter == 0u) {
      line.z += shift[c];
    }
    lines[c] = line.x;
    lines[p.channels + c] = line.y;
    lines[2u * p.channels + c] = line.z;
  }
}
`;

/** label-losses.wgsl */
export const labelLosses = `// The log loss of given probabilities (outer, classes, inner), of the label's alone or as a matrix says, and gradients.
struct Params {
  scale: f32,
  outer: u32,
  classes: u32,
  inner: u32,
  // Labels that do not count, if there are such.
  ignored: i32,
  ignores: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, classes, inner)
@group(0) @binding(1) var<storage, read> probs: array<f32>;
// (outer, inner)
@group(0) @binding(2) var<storage, read> labels: array<f32>;
// infogain: what a class is worth for a label, (classes, classes)
@group(0) @binding(3) var<storage, read> worth: array<f32>;
// the loss (1), or the gradient (outer, classes, inner)
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

// Probabilities count as at least this.
const LEAST = 1e-20;

fn counts(label: i32) -> bool {
  return p.ignores == 0u || label != p.ignored;
}

fn startOf(r: u32) -> u32 {
  return r / p.inner * p.classes * p.inner + r % p.inner;
}

fn finish(lane: Lane, sum: f32) {
  let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
  if (lane.index == 0u) {
    result[0] = p.scale * total;
  }
}

// One workgroup.
@compute @workgroup_size(WIDTH)
fn multinomial(lane: Lane) {
  var sum = 0.0;
  for (var r = lane.index; r < p.outer * p.inner; r += WIDTH) {
    sum -= logOf(larger(probs[startOf(r) + u32(labels[r]) * p.inner], LEAST));
  }
  finish(lane, sum);
}

@compute @workgroup_size(WIDTH)
fn multinomialBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.outer * p.classes * p.inner; i += WIDTH * grid.x) {
    let label = u32(labels[i / (p.classes * p.inner) * p.inner + i % p.inner]);
    result[i] = select(0.0, -p.scale / larger(probs[i], LEAST), i / p.inner % p.classes == label);
  }
}

// One workgroup.
@compute @workgroup_size(WIDTH)
fn infogain(lane: Lane) {
  var sum = 0.0;
  for (var i = lane.index; i < p.outer * p.classes * p.inner; i += WIDTH) {
    let label = i32(labels[i / (p.classes * p.inner) * p.inner + i % p.inner]);
    if (counts(label)) {
      sum -= worth[u32(label) * p.classes + i / p.inner % p.classes] * logOf(larger(probs[i], LEAST));
    }
  }
  finish(lane, sum);
}

// A position for each invocation.
@compute @workgroup_size(WIDTH)
fn infogainBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = id.x; r < p.outer * p.inner; r += WIDTH * grid.x) {
    let label = i32(labels[r]);
    let isCounted = counts(label);
    let row = select(0u, u32(label) * p.classes, isCounted);
    var total = 0.0;
    for (var c = 0u; c < p.classes; c++) {
      total += worth[row + c];
    }
    for (var c = 0u; c < p.classes; c++) {
      let i = startOf(r) + c * p.inner;
      result[i] = select(0.0, p.scale * (probs[i] * total - worth[row + c]), isCounted);
    }
  }
}
`;

/** losses.wgsl */
export const losses = `// The sigmoid and the hinge loss: a sum by one workgroup, and gradients element by element.
struct Params {
  scale: f32,
  count: u32,
  classes: u32,
  ignored: i32,
  ignores: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (count)
@group(0) @binding(1) var<storage, read> x: array<f32>;
// sigmoid: targets (count); hinge: labels (count / classes)
@group(0) @binding(2) var<storage, read> other: array<f32>;
// the loss (1), or dx (count)
@group(0) @binding(3) var<storage, read_write> result: array<f32>;

override IS_SQUARED = false;

fn counts(i: u32) -> bool {
  return p.ignores == 0u || i32(other[i]) != p.ignored;
}

// −1 for the labelled class, 1 for the others.
fn sideOf(i: u32) -> f32 {
  return select(1.0, -1.0, u32(other[i / p.classes]) == i % p.classes);
}

// log(1 + e^-|v|), also where e^-|v| is lost beside 1.
fn softplusTail(v: f32) -> f32 {
  let e = expOf(-abs(v));
  if (e < 1e-4) {
    return e - 0.5 * e * e;
  }
  return logOf(1.0 + e);
}

@compute @workgroup_size(WIDTH)
fn sigmoid(lane: Lane) {
  var sum = 0.0;
  for (var i = lane.index; i < p.count; i += WIDTH) {
    if (counts(i)) {
      sum -= x[i] * (other[i] - select(0.0, 1.0, x[i] >= 0.0)) - softplusTail(x[i]);
    }
  }
  finish(lane, sum);
}

@compute @workgroup_size(WIDTH)
fn hinge(lane: Lane) {
  var sum = 0.0;
  for (var i = lane.index; i < p.count; i += WIDTH) {
    let gap = larger(0.0, 1.0 + sideOf(i) * x[i]);
    sum += select(gap, gap * gap, IS_SQUARED);
  }
  finish(lane, sum);
}

fn finish(lane: Lane, sum: f32) {
  let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
  if (lane.index == 0u) {
    result[0] = p.scale * total;
  }
}

@compute @workgroup_size(WIDTH)
fn sigmoidBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += WIDTH * grid.x) {
    if (counts(i)) {
      result[i] = p.scale * (sigmoidOf(x[i]) - other[i]);
    } else {
      result[i] = 0.0;
    }
  }
}

@compute @workgroup_size(WIDTH)
fn hingeBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += WIDTH * grid.x) {
    let gap = larger(0.0, 1.0 + sideOf(i) * x[i]);
    result[i] = sideOf(i) * p.scale * select(signOf(gap), 2.0 * gap, IS_SQUARED);
  }
}
`;

/** lrn.wgsl */
export const lrn = `// y = x · s^-β with s = k + α/size · Σ x² over a region: neighbouring channels, or a square within a channel.
struct Params {
  alphaBySize: f32,
  beta: f32,
  k: f32,
  // 2·α·β / size
  factor: f32,
  count: u32,
  channels: i32,
  height: i32,
  width: i32,
  // On either side of an element.
  reach: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All (N, C, H, W).
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> scale: array<f32>;
// forward: y; backward: dx
@group(0) @binding(3) var<storage, read_write> result: array<f32>;
@group(0) @binding(4) var<storage, read> y: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;

override ACROSS = true;

// What is added up over the region: x² forward, dy · y / s backward.
override IS_BACKWARD = false;

fn term(i: i32) -> f32 {
  if (IS_BACKWARD) {
    return dy[i] * y[i] / scale[i];
  }
  return x[i] * x[i];
}

fn regionSum(i: i32) -> f32 {
  let plane = p.height * p.width;
  var sum = 0.0;
  if (ACROSS) {
    let channel = i / plane % p.channels;
    let first = max(channel - p.reach, 0);
    let last = min(channel + p.reach, p.channels - 1);
    for (var c = first; c <= last; c++) {
      sum += term(i + (c - channel) * plane);
    }
    return sum;
  }
  let row = i / p.width % p.height;
  let column = i % p.width;
  for (var h = max(row - p.reach, 0); h <= min(row + p.reach, p.height - 1); h++) {
    for (var w = max(column - p.reach, 0); w <= min(column + p.reach, p.width - 1); w++) {
      sum += term(i + (h - row) * p.width + w - column);
    }
  }
  return sum;
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let sum = regionSum(i32(i));
    if (IS_BACKWARD) {
      result[i] = dy[i] * powerOf(scale[i], -p.beta) - p.factor * x[i] * sum;
    } else {
      let s = p.k + p.alphaBySize * sum;
      scale[i] = s;
      result[i] = x[i] * powerOf(s, -p.beta);
    }
  }
}
`;

/** lstm-unit.wgsl */
export const lstmUnit = `// One step of a long short-term memory for every unit of every stream.
struct Params {
  batch: u32,
  hidden: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (N, D)
@group(0) @binding(1) var<storage, read> before: array<f32>;
// (N)
@group(0) @binding(2) var<storage, read> cont: array<f32>;
// forward: the gates (N, 4D), i f o g behind each other
@group(0) @binding(3) var<storage, read> gates: array<f32>;
// σ(i), σ(f), σ(o), tanh(g), kept for backward; like the gates
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
// forward: (N, D)
@group(0) @binding(5) var<storage, read_write> c: array<f32>;
@group(0) @binding(6) var<storage, read_write> h: array<f32>;
// backward: the cells and the gradients of c, h and before (N, D), and that of the gates
@group(0) @binding(7) var<storage, read> cells: array<f32>;
@group(0) @binding(8) var<storage, read> dc: array<f32>;
@group(0) @binding(9) var<storage, read> dh: array<f32>;
@group(0) @binding(10) var<storage, read_write> dBefore: array<f32>;
@group(0) @binding(11) var<storage, read_write> dGates: array<f32>;

@compute @workgroup_size(256)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var k = id.x; k < p.batch * p.hidden; k += 256u * grid.x) {
    let n = k / p.hidden;
    let at = 4u * n * p.hidden + k % p.hidden;
    let i = sigmoidOf(gates[at]);
    let f = sigmoidOf(gates[at + p.hidden]);
    let o = sigmoidOf(gates[at + 2u * p.hidden]);
    let g = tanhOf(gates[at + 3u * p.hidden]);
    var cell = i * g;
    if (cont[n] != 0.0) {
      cell += cont[n] * f * before[k];
    }
    c[k] = cell;
    h[k] = o * tanhOf(cell);
    values[at] = i;
    values[at + p.hidden] = f;
    values[at + 2u * p.hidden] = o;
    values[at + 3u * p.hidden] = g;
  }
}

@compute @workgroup_size(256)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var k = id.x; k < p.batch * p.hidden; k += 256u * grid.x) {
    let n = k / p.hidden;
    let at = 4u * n * p.hidden + k % p.hidden;
    let i = values[at];
    let f = values[at + p.hidden];
    let o = values[at + 2u * p.hidden];
    let g = values[at + 3u * p.hidden];
    let cell = tanhOf(cells[k]);
    let dCell = dc[k] + dh[k] * o * (1.0 - cell * cell);
    var passed = 0.0;
    if (cont[n] != 0.0) {
      passed = cont[n] * dCell;
    }
    dBefore[k] = passed * f;
    dGates[at] = dCell * g * i * (1.0 - i);
    dGates[at + p.hidden] = passed * before[k] * f * (1.0 - f);
    dGates[at + 2u * p.hidden] = dh[k] * cell * o * (1.0 - o);
    dGates[at + 3u * p.hidden] = dCell * i * (1.0 - g * g);
  }
}
`;

/** matrix-product-direct.wgsl */
export const matrixProductDirect = `// For adapters that compute on a CPU, where workgroup memory is memory like any other and a barrier costs more than
// what it saves: each invocation loads its rows and columns itself.
@compute @workgroup_size(COLUMNS, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) at: vec3u,
) {
  let tile = workgroup.x + workgroup.y * grid.x;
  if (tile >= p.tiles) {
    return;
  }
  group = workgroup.z % p.groups;
  slice = workgroup.z / p.groups;
  let m = (tile % p.tilesM) * TILE_M + at.y;
  let n = (tile / p.tilesM) * TILE_N + at.x;
  let begin = slice * p.sliceK;
  let end = min(p.k, begin + p.sliceK);
  let a0 = rowA(m);
  let a1 = rowA(m + ROWS);
  let a2 = rowA(m + 2u * ROWS);
  let a3 = rowA(m + 3u * ROWS);
  let b0 = columnB(n);
  let b1 = columnB(n + COLUMNS);
  let b2 = columnB(n + 2u * COLUMNS);
  let b3 = columnB(n + 3u * COLUMNS);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = begin; k < end; k += 4u) {
    let v0 = loadB(b0, k);
    let v1 = loadB(b1, k);
    let v2 = loadB(b2, k);
    let v3 = loadB(b3, k);
    sum0 += dots(loadA(a0, k), v0, v1, v2, v3);
    sum1 += dots(loadA(a1, k), v0, v1, v2, v3);
    sum2 += dots(loadA(a2, k), v0, v1, v2, v3);
    sum3 += dots(loadA(a3, k), v0, v1, v2, v3);
  }
  storeRow(m, n, sum0);
  storeRow(m + ROWS, n, sum1);
  storeRow(m + 2u * ROWS, n, sum2);
  storeRow(m + 3u * ROWS, n, sum3);
}
`;

/** matrix-product-quads.wgsl */
export const matrixProductQuads = `// As matrix-product-direct.wgsl, where four invocations can tell each other what they loaded: the four of a quad have
// the same rows of A, and each loads one of them.
enable subgroups;
requires subgroup_id;

@compute @workgroup_size(COLUMNS, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_size) size: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let tile = workgroup.x + workgroup.y * grid.x;
  if (tile >= p.tiles) {
    return;
  }
  group = workgroup.z % p.groups;
  slice = workgroup.z / p.groups;
  // By lanes, so that the four are a quad however the adapter deals invocations out.
  let index = subgroup * size + lane;
  let m = (tile % p.tilesM) * TILE_M + index / COLUMNS;
  let n = (tile / p.tilesM) * TILE_N + index % COLUMNS;
  // Not by way of the variable, so that the loop is seen to be the same for all.
  let begin = (workgroup.z / p.groups) * p.sliceK;
  let end = min(p.k, begin + p.sliceK);
  let own = rowA(m + (lane % 4u) * ROWS);
  let b0 = columnB(n);
  let b1 = columnB(n + COLUMNS);
  let b2 = columnB(n + 2u * COLUMNS);
  let b3 = columnB(n + 3u * COLUMNS);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = begin; k < end; k += 4u) {
    let a = loadA(own, k);
    let v0 = loadB(b0, k);
    let v1 = loadB(b1, k);
    let v2 = loadB(b2, k);
    let v3 = loadB(b3, k);
    sum0 += dots(quadBroadcast(a, 0u), v0, v1, v2, v3);
    sum1 += dots(quadBroadcast(a, 1u), v0, v1, v2, v3);
    sum2 += dots(quadBroadcast(a, 2u), v0, v1, v2, v3);
    sum3 += dots(quadBroadcast(a, 3u), v0, v1, v2, v3);
  }
  storeRow(m, n, sum0);
  storeRow(m + ROWS, n, sum1);
  storeRow(m + 2u * ROWS, n, sum2);
  storeRow(m + 3u * ROWS, n, sum3);
}
`;

/** matrix-product-tiled.wgsl */
export const matrixProductTiled = `// For GPUs: 16 of K at a time, rows of A and columns of B are staged in workgroup memory as vectors along K, so that
// each is loaded once for a tile. A file in front says as what (staged-f32 or staged-f16).

// Whether neighbours in memory are neighbours along K, so that neighbouring invocations should be, too.
override A_ALONG_K = true;
override B_ALONG_K = false;

const DEPTH = 4u;
// One more than the tile, so that a column of vectors is spread over the banks.
override PITCH_A = TILE_M + 1u;
override PITCH_B = TILE_N + 1u;

var<workgroup> tileA: array<Staged, DEPTH * PITCH_A>;
var<workgroup> tileB: array<Staged, DEPTH * PITCH_B>;

@compute @workgroup_size(COLUMNS, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let tile = workgroup.x + workgroup.y * grid.x;
  if (tile >= p.tiles) {
    return;
  }
  group = workgroup.z % p.groups;
  slice = workgroup.z / p.groups;
  let m0 = (tile % p.tilesM) * TILE_M;
  let n0 = (tile / p.tilesM) * TILE_N;
  let begin = (workgroup.z / p.groups) * p.sliceK;
  let end = min(p.k, begin + p.sliceK);
  // Across K, an invocation stays with its row and its column.
  let ownA = rowA(m0 + index % TILE_M);
  let ownB = columnB(n0 + index % TILE_N);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = begin; k < end; k += 4u * DEPTH) {
    for (var i = index; i < DEPTH * TILE_M; i += ROWS * COLUMNS) {
      if (A_ALONG_K) {
        let d = i % DEPTH;
        tileA[d * PITCH_A + i / DEPTH] = Staged(loadA(rowA(m0 + i / DEPTH), k + 4u * d));
      } else {
        let d = i / TILE_M;
        tileA[d * PITCH_A + i % TILE_M] = Staged(loadA(ownA, k + 4u * d));
      }
    }
    for (var i = index; i < DEPTH * TILE_N; i += ROWS * COLUMNS) {
      if (B_ALONG_K) {
        let d = i % DEPTH;
        tileB[d * PITCH_B + i / DEPTH] = Staged(loadB(columnB(n0 + i / DEPTH), k + 4u * d));
      } else {
        let d = i / TILE_N;
        tileB[d * PITCH_B + i % TILE_N] = Staged(loadB(ownB, k + 4u * d));
      }
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let a = d * PITCH_A + at.y;
      let b = d * PITCH_B + at.x;
      let b0 = vec4f(tileB[b]);
      let b1 = vec4f(tileB[b + COLUMNS]);
      let b2 = vec4f(tileB[b + 2u * COLUMNS]);
      let b3 = vec4f(tileB[b + 3u * COLUMNS]);
      sum0 += dots(vec4f(tileA[a]), b0, b1, b2, b3);
      sum1 += dots(vec4f(tileA[a + ROWS]), b0, b1, b2, b3);
      sum2 += dots(vec4f(tileA[a + 2u * ROWS]), b0, b1, b2, b3);
      sum3 += dots(vec4f(tileA[a + 3u * ROWS]), b0, b1, b2, b3);
    }
    workgroupBarrier();
  }
  storeRow(m0 + at.y, n0 + at.x, sum0);
  storeRow(m0 + at.y + ROWS, n0 + at.x, sum1);
  storeRow(m0 + at.y + 2u * ROWS, n0 + at.x, sum2);
  storeRow(m0 + at.y + 3u * ROWS, n0 + at.x, sum3);
}
`;

/** matrix-product.wgsl */
export const matrixProduct = `// C (M, N) = A (M, K) · B (K, N). A file behind this one says how (tiled or direct), and one more what A, B and C are:
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
`;

/** numbers.wgsl */
export const numbers = `// Arithmetic that keeps NaN and infinities, behind every kernel's code. WGSL's own functions lose them on some adapters,
// and its compilers may take any comparison with NaN for true, so NaN is known by its bits.

fn isNan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn isFinite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

fn isNegative(x: f32) -> bool {
  return (bitcast<u32>(x) >> 31u) != 0u;
}

// NaN, made of the bits of x so that no compiler knows beforehand.
fn nanOf(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}

// The infinity of x's sign.
fn infinityOf(x: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | 0x7f800000u);
}

// The larger, or the smaller; NaN where one is.
fn larger(a: f32, b: f32) -> f32 {
  if (isNan(a)) {
    return a;
  }
  return select(max(a, b), b, isNan(b));
}

fn smaller(a: f32, b: f32) -> f32 {
  if (isNan(a)) {
    return a;
  }
  return select(min(a, b), b, isNan(b));
}

// Not where one is NaN.
fn isGreater(a: f32, b: f32) -> bool {
  return a > b && !isNan(a) && !isNan(b);
}

fn signOf(x: f32) -> f32 {
  return select(sign(x), x, isNan(x));
}

fn expOf(x: f32) -> f32 {
  if (isNan(x)) {
    return x;
  }
  return select(exp(clamp(x, -104.0, 88.8)), infinityOf(x), x > 88.8);
}

fn logOf(x: f32) -> f32 {
  if (isNan(x) || x < 0.0) {
    return nanOf(x);
  }
  if (x == 0.0) {
    return -infinityOf(abs(x));
  }
  return select(log(x), x, bitcast<u32>(x) == 0x7f800000u);
}

// log(1 + x) for x in [0, 1]; the sum would lose a small x.
fn logOnePlus(x: f32) -> f32 {
  return select(log(1.0 + x), x * (1.0 - x * (0.5 - x / 3.0)), x < 0.01);
}

fn rootOf(x: f32) -> f32 {
  if (isNan(x) || x < 0.0) {
    return nanOf(x);
  }
  return select(sqrt(x), x, bitcast<u32>(x) == 0x7f800000u);
}

// tanh overflows on some adapters where its argument is large, and is rounded as if it were near 1 where it is small.
fn tanhOf(x: f32) -> f32 {
  if (abs(x) < 0.1) {
    let square = x * x;
    return x * (1.0 - square * (1.0 / 3.0 - square * (2.0 / 15.0 - square * (17.0 / 315.0))));
  }
  return select(tanh(clamp(x, -15.0, 15.0)), x, isNan(x));
}

// 1 / (1 + e^-x)
fn sigmoidOf(x: f32) -> f32 {
  return select(1.0 / (1.0 + expOf(-x)), 0.0, x < -88.0);
}

// base to any exponent: WGSL's pow knows no base below 0, which whole exponents have.
fn powerOf(base: f32, exponent: f32) -> f32 {
  if (exponent == 0.0) {
    return 1.0;
  }
  if (exponent == 1.0 || isNan(base)) {
    return base;
  }
  if (exponent == 2.0) {
    return base * base;
  }
  let magnitude = abs(base);
  let isInfinite = bitcast<u32>(magnitude) == 0x7f800000u;
  var size = pow(magnitude, exponent);
  if (isInfinite || magnitude == 0.0) {
    size = select(0.0, infinityOf(magnitude), isInfinite == (exponent > 0.0));
  }
  let isWhole = exponent == floor(exponent);
  if (base < 0.0 && !isWhole && !isInfinite) {
    return nanOf(base);
  }
  // From 2^24 on every float is even, and infinity leaves no fraction to look at.
  let isOdd = isWhole && abs(exponent) < 16777216.0 && fract(0.5 * exponent) != 0.0;
  return select(size, -size, isOdd && isNegative(base));
}
`;

/** pooling.wgsl */
export const pooling = `// Pooling of planes. Windows are clipped to the image; an average divides by the window clipped to the padded image.
struct Params {
  // Elements of y (forward) or of dx (backward).
  count: u32,
  stream: u32,
  turn: u32,
  hasMask: u32,
  in0: i32,
  in1: i32,
  out0: i32,
  out1: i32,
  kernel0: i32,
  kernel1: i32,
  stride0: i32,
  stride1: i32,
  pad0: i32,
  pad1: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (N, C, H, W)
@group(0) @binding(1) var<storage, read> x: array<f32>;
// forward: y, (N, C, H', W'); backward: dx, like x
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
// Where each y came from, h·W + w within its plane; -1 from nowhere. (N, C, H', W')
@group(0) @binding(3) var<storage, read_write> origin: array<i32>;
// The same in floats, if anybody wants it.
@group(0) @binding(4) var<storage, read_write> mask: array<f32>;
// backward: (N, C, H', W')
@group(0) @binding(5) var<storage, read> dy: array<f32>;

const LOWEST = -3.4028234663852886e38;

struct Window {
  // [begin, end) on both axes within the image.
  begin: vec2i,
  end: vec2i,
  area: f32,
}

fn windowAt(out: vec2i) -> Window {
  let size = vec2i(p.in0, p.in1);
  let pad = vec2i(p.pad0, p.pad1);
  let begin = out * vec2i(p.stride0, p.stride1) - pad;
  let end = min(begin + vec2i(p.kernel0, p.kernel1), size + pad);
  let extent = end - begin;
  return Window(max(begin, vec2i()), min(end, size), f32(extent.x * extent.y));
}

// The plane of element i of y, and its place in it.
fn planeOf(i: u32) -> i32 {
  return i32(i) / (p.out0 * p.out1);
}

fn placeOf(i: u32) -> vec2i {
  return vec2i(i32(i) / p.out1 % p.out0, i32(i) % p.out1);
}

@compute @workgroup_size(256)
fn maxForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let window = windowAt(placeOf(i));
    let plane = planeOf(i) * p.in0 * p.in1;
    var best = LOWEST;
    var place = -1;
    for (var h = window.begin.x; h < window.end.x; h++) {
      for (var w = window.begin.y; w < window.end.y; w++) {
        let value = x[plane + h * p.in1 + w];
        // The first of equal values wins, the lowest of all among them; NaN never does.
        if (isGreater(value, best) || (place < 0 && value == LOWEST)) {
          best = value;
          place = h * p.in1 + w;
        }
      }
    }
    result[i] = best;
    origin[i] = place;
    if (p.hasMask != 0u) {
      mask[i] = f32(place);
    }
  }
}

@compute @workgroup_size(256)
fn averageForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let window = windowAt(placeOf(i));
    let plane = planeOf(i) * p.in0 * p.in1;
    var sum = 0.0;
    for (var h = window.begin.x; h < window.end.x; h++) {
      for (var w = window.begin.y; w < window.end.y; w++) {
        sum += x[plane + h * p.in1 + w];
      }
    }
    result[i] = sum / window.area;
  }
}

// (Σ x, Σ x²) of a window.
fn moments(window: Window, plane: i32) -> vec2f {
  var sums = vec2f();
  for (var h = window.begin.x; h < window.end.x; h++) {
    for (var w = window.begin.y; w < window.end.y; w++) {
      let value = x[plane + h * p.in1 + w];
      sums += vec2f(value, value * value);
    }
  }
  return sums;
}

// Whether Σ x² / Σ x is anything: the sum is above 0, or no number, which must not be lost.
fn hasMean(sum: f32) -> bool {
  return sum > 0.0 || isNan(sum);
}

// One x of the window, drawn by its share of the sum; one that is no number is always drawn.
@compute @workgroup_size(256)
fn drawForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let window = windowAt(placeOf(i));
    let plane = planeOf(i) * p.in0 * p.in1;
    let share = f32(randomBits(p.stream, p.turn, i)) / 4294967296.0;
    let threshold = share * moments(window, plane).x;
    var running = 0.0;
    var place = (window.end.x - 1) * p.in1 + window.end.y - 1;
    var isFound = false;
    for (var h = window.begin.x; h < window.end.x && !isFound; h++) {
      for (var w = window.begin.y; w < window.end.y && !isFound; w++) {
        running += x[plane + h * p.in1 + w];
        if (running >= threshold || isNan(running)) {
          place = h * p.in1 + w;
          isFound = true;
        }
      }
    }
    result[i] = x[plane + place];
    origin[i] = place;
  }
}

@compute @workgroup_size(256)
fn meanDrawForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let sums = moments(windowAt(placeOf(i)), planeOf(i) * p.in0 * p.in1);
    result[i] = select(0.0, sums.y / sums.x, hasMean(sums.x));
  }
}

// The output positions whose windows have input position \`at\`: [begin, end) on both axes.
fn windowsOver(at: vec2i) -> vec4i {
  let stride = vec2i(p.stride0, p.stride1);
  let padded = at + vec2i(p.pad0, p.pad1);
  let first = (padded - vec2i(p.kernel0, p.kernel1) + stride) / stride;
  // The quotient of a negative number is rounded up, but no window begins before 0.
  let begin = max(first, vec2i());
  let end = min(padded / stride + 1, vec2i(p.out0, p.out1));
  return vec4i(begin, end);
}

// What entries have in common that take, for each x, the gradients of its windows.
@compute @workgroup_size(256)
fn originBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let inPlane = i32(i) % (p.in0 * p.in1);
    let plane = i32(i) / (p.in0 * p.in1) * p.out0 * p.out1;
    let over = windowsOver(vec2i(inPlane / p.in1, inPlane % p.in1));
    var sum = 0.0;
    for (var h = over.x; h < over.z; h++) {
      for (var w = over.y; w < over.w; w++) {
        let out = plane + h * p.out1 + w;
        if (origin[out] == inPlane) {
          sum += dy[out];
        }
      }
    }
    result[i] = sum;
  }
}

@compute @workgroup_size(256)
fn averageBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let inPlane = i32(i) % (p.in0 * p.in1);
    let plane = i32(i) / (p.in0 * p.in1) * p.out0 * p.out1;
    let over = windowsOver(vec2i(inPlane / p.in1, inPlane % p.in1));
    var sum = 0.0;
    for (var h = over.x; h < over.z; h++) {
      for (var w = over.y; w < over.w; w++) {
        sum += dy[plane + h * p.out1 + w] / windowAt(vec2i(h, w)).area;
      }
    }
    result[i] = sum;
  }
}

@compute @workgroup_size(256)
fn meanDrawBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let inPlane = i32(i) % (p.in0 * p.in1);
    let plane = i32(i) / (p.in0 * p.in1);
    let over = windowsOver(vec2i(inPlane / p.in1, inPlane % p.in1));
    var sum = 0.0;
    for (var h = over.x; h < over.z; h++) {
      for (var w = over.y; w < over.w; w++) {
        let sums = moments(windowAt(vec2i(h, w)), plane * p.in0 * p.in1);
        if (hasMean(sums.x)) {
          let out = plane * p.out0 * p.out1 + h * p.out1 + w;
          sum += dy[out] * (2.0 * x[i] - sums.y / sums.x) / sums.x;
        }
      }
    }
    result[i] = sum;
  }
}
`;

/** random-bits.wgsl */
export const randomBits = `// Word i of the sequence (stream, turn); see src/util/random-bits.ts.
fn randomBits(stream: u32, turn: u32, i: u32) -> u32 {
  return mixBits(mixBits(i ^ stream) + turn);
}

fn mixBits(value: u32) -> u32 {
  var h = value;
  h ^= h >> 16u;
  h *= 0x7feb352du;
  h ^= h >> 15u;
  h *= 0x846ca68bu;
  return h ^ (h >> 16u);
}
`;

/** reduction.wgsl */
export const reduction = `// y(o) = coeff · Σ over inner of x, |x| or x².
struct Params {
  coeff: f32,
  outer: u32,
  inner: u32,
  slices: u32,
  sliceLength: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, inner)
@group(0) @binding(1) var<storage, read> x: array<f32>;
// (slices, outer)
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;
// (outer)
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
// backward: dy (outer), dx (outer, inner)
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

// 0: x. 1: |x|. 2: x².
override KIND = 0u;

fn term(i: u32) -> f32 {
  if (KIND == 1u) {
    return abs(x[i]);
  }
  if (KIND == 2u) {
    return x[i] * x[i];
  }
  return x[i];
}

fn slopeAt(i: u32) -> f32 {
  if (KIND == 1u) {
    return signOf(x[i]);
  }
  if (KIND == 2u) {
    return 2.0 * x[i];
  }
  return 1.0;
}

@compute @workgroup_size(WIDTH)
fn partial(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let begin = workgroup.y * p.sliceLength;
  let end = min(begin + p.sliceLength, p.inner);
  for (var o = workgroup.x; o < p.outer; o += grid.x) {
    var sum = 0.0;
    for (var i = begin + lane.index; i < end; i += WIDTH) {
      sum += term(o * p.inner + i);
    }
    let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
    if (lane.index == 0u) {
      parts[workgroup.y * p.outer + o] = total;
    }
  }
}

@compute @workgroup_size(WIDTH)
fn finish(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var o = id.x; o < p.outer; o += WIDTH * grid.x) {
    var sum = 0.0;
    for (var s = 0u; s < p.slices; s++) {
      sum += parts[s * p.outer + o];
    }
    y[o] = p.coeff * sum;
  }
}

@compute @workgroup_size(WIDTH)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.outer * p.inner; i += WIDTH * grid.x) {
    dx[i] = p.coeff * dy[i / p.inner] * slopeAt(i);
  }
}
`;

/** scores.wgsl */
export const scores = `// How often the label is among the highest scores, and which values of a row are the greatest: (outer, length, inner).
struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  topK: u32,
  // Labels that do not count, if there are such.
  ignored: i32,
  ignores: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, length, inner)
@group(0) @binding(1) var<storage, read> x: array<f32>;
// (outer, inner)
@group(0) @binding(2) var<storage, read> labels: array<f32>;
// (outer, inner): whether the label counts, and whether it is right
@group(0) @binding(3) var<storage, read_write> hits: array<vec2f>;
// (1), (length), or the greatest values
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// argMax: 0 indices, 1 values, 2 both.
override WANTS = 0u;

// A score equal to the label's counts against it; NaN is right nowhere.
@compute @workgroup_size(WIDTH)
fn judge(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = id.x; r < p.outer * p.inner; r += WIDTH * grid.x) {
    let label = i32(labels[r]);
    if (p.ignores != 0u && label == p.ignored) {
      hits[r] = vec2f();
    } else {
      let start = r / p.inner * p.length * p.inner + r % p.inner;
      let own = x[start + u32(label) * p.inner];
      var better = 0u;
      for (var c = 0u; c < p.length; c++) {
        better += select(0u, 1u, c != u32(label) && x[start + c * p.inner] >= own);
      }
      hits[r] = vec2f(1.0, select(0.0, 1.0, better < p.topK && !isNan(own)));
    }
  }
}

// One workgroup.
@compute @workgroup_size(WIDTH)
fn ofAll(lane: Lane) {
  var sum = vec2f();
  for (var r = lane.index; r < p.outer * p.inner; r += WIDTH) {
    sum += hits[r];
  }
  let total = workgroupSum(lane, sum);
  if (lane.index == 0u) {
    y[0] = total.y / max(total.x, 1.0);
  }
}

// A workgroup for each class.
@compute @workgroup_size(WIDTH)
fn ofEach(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var c = workgroup.x; c < p.length; c += grid.x) {
    var sum = vec2f();
    for (var r = lane.index; r < p.outer * p.inner; r += WIDTH) {
      sum += select(vec2f(), hits[r], i32(labels[r]) == i32(c));
    }
    let total = workgroupSum(lane, sum);
    if (lane.index == 0u) {
      y[c] = total.y / max(total.x, 1.0);
    }
  }
}

// An invocation for each row: the greatest value of those behind the last one found; of equal ones the
// later comes first, and NaN is equal to all.
@compute @workgroup_size(WIDTH)
fn argMax(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var row = id.x; row < p.outer * p.inner; row += WIDTH * grid.x) {
    let o = row / p.inner;
    let i = row % p.inner;
    let start = o * p.length * p.inner + i;
    var last = p.length;
    for (var j = 0u; j < p.topK; j++) {
      var best = p.length;
      for (var c = 0u; c < p.length; c++) {
        if (isBehind(start, c, last) && (best == p.length || !isGreater(x[start + best * p.inner], x[start + c * p.inner]))) {
          best = c;
        }
      }
      last = min(best, p.length - 1u);
      let value = x[start + last * p.inner];
      if (WANTS == 2u) {
        y[2u * row * p.topK + j] = f32(last);
        y[(2u * row + 1u) * p.topK + j] = value;
      } else {
        y[(o * p.topK + j) * p.inner + i] = select(f32(last), value, WANTS == 1u);
      }
    }
  }
}

fn isBehind(start: u32, c: u32, last: u32) -> bool {
  if (last == p.length) {
    return true;
  }
  let value = x[start + c * p.inner];
  let before = x[start + last * p.inner];
  return isGreater(before, value) || (!isGreater(value, before) && c < last);
}
`;

/** softmax.wgsl */
export const softmax = `// Softmax along the channels of an array (outer, channels, inner), the log loss of labels, and the gradients of both.
struct Params {
  // Of a loss: the factor before the sum, or before the gradient.
  scale: f32,
  outer: u32,
  channels: u32,
  inner: u32,
  // Labels that do not count, if there are such.
  ignored: i32,
  ignores: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, channels, inner)
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
// backward: y. Losses: labels, (outer, inner)
@group(0) @binding(3) var<storage, read> other: array<f32>;

// The output is the input, or the gradient, too.
override IN_PLACE = false;

const SMALLEST = 1.1754943508222875e-38;

fn at(i: u32) -> f32 {
  if (IN_PLACE) {
    return output[i];
  }
  return input[i];
}

// The first element of position r of (outer, inner).
fn startOf(r: u32) -> u32 {
  return r / p.inner * p.channels * p.inner + r % p.inner;
}

// A position for each invocation: right where there are many, or few channels.
@compute @workgroup_size(WIDTH)
fn forwardEach(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = id.x; r < p.outer * p.inner; r += WIDTH * grid.x) {
    let start = startOf(r);
    var largest = LOWEST;
    for (var c = 0u; c < p.channels; c++) {
      largest = max(largest, at(start + c * p.inner));
    }
    var sum = 0.0;
    for (var c = 0u; c < p.channels; c++) {
      let i = start + c * p.inner;
      let e = expOf(at(i) - largest);
      output[i] = e;
      sum += e;
    }
    for (var c = 0u; c < p.channels; c++) {
      output[start + c * p.inner] /= sum;
    }
  }
}

// A position for each workgroup: right where there are many channels.
@compute @workgroup_size(WIDTH)
fn forwardTogether(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = workgroup.x; r < p.outer * p.inner; r += grid.x) {
    let start = startOf(r);
    var largest = LOWEST;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      largest = max(largest, at(start + c * p.inner));
    }
    largest = workgroupMax(lane, largest);
    var sum = 0.0;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      let i = start + c * p.inner;
      let e = expOf(at(i) - largest);
      output[i] = e;
      sum += e;
    }
    let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      output[start + c * p.inner] /= total;
    }
  }
}

// dx = y · (dy − Σ dy·y)
@compute @workgroup_size(WIDTH)
fn backward(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = workgroup.x; r < p.outer * p.inner; r += grid.x) {
    let start = startOf(r);
    var sum = 0.0;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      let i = start + c * p.inner;
      sum += at(i) * other[i];
    }
    let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      let i = start + c * p.inner;
      output[i] = other[i] * (at(i) - total);
    }
  }
}

fn counts(label: i32) -> bool {
  return p.ignores == 0u || label != p.ignored;
}

// One workgroup: scale · Σ −log p(label), of the probabilities in \`input\`.
@compute @workgroup_size(WIDTH)
fn loss(lane: Lane) {
  var sum = 0.0;
  for (var r = lane.index; r < p.outer * p.inner; r += WIDTH) {
    let label = i32(other[r]);
    if (counts(label)) {
      sum -= logOf(larger(input[startOf(r) + u32(label) * p.inner], SMALLEST));
    }
  }
  let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
  if (lane.index == 0u) {
    output[0] = p.scale * total;
  }
}

// dx = scale · (p − onehot(label))
@compute @workgroup_size(WIDTH)
fn lossBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.outer * p.channels * p.inner; i += WIDTH * grid.x) {
    let label = i32(other[i / (p.channels * p.inner) * p.inner + i % p.inner]);
    let channel = i32(i / p.inner % p.channels);
    if (counts(label)) {
      output[i] = p.scale * (input[i] - select(0.0, 1.0, channel == label));
    } else {
      output[i] = 0.0;
    }
  }
}
`;

/** staged-f16.wgsl */
export const stagedF16 = `// Tiles of halves: half the workgroup memory and half of what is read from it; sums stay whole.
enable f16;
alias Staged = vec4h;
`;

/** staged-f32.wgsl */
export const stagedF32 = `// What tiles in workgroup memory hold.
alias Staged = vec4f;
`;

/** sum-slices.wgsl */
export const sumSlices = `// y = f(Σ over slices + bias), the slices in their order; added to y where \`adds\` says so.
struct Params {
  numbers: vec4f,
  count: u32,
  slices: u32,
  // y seen as (…, channels, inner): one bias for each channel.
  channels: u32,
  inner: u32,
  finish: u32,
  adds: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (slices, count)
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    var sum = 0.0;
    for (var s = 0u; s < p.slices; s++) {
      sum += parts[s * p.count + i];
    }
    if (p.adds != 0u) {
      y[i] += sum;
    } else {
      y[i] = finished(sum, i / p.inner % p.channels, p.channels);
    }
  }
}
`;

/** unary.wgsl */
export const unary = `// y = f(x) and dx = df(x, y, dy), element by element. The functions are made from the layer's expressions.
struct Params {
  numbers: vec4f,
  count: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All of one length. In place, the last one is both read and written, and the first is not looked at.
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
// backward only
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> y: array<f32>;

override IN_PLACE = false;

@compute @workgroup_size(256)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    if (IN_PLACE) {
      output[i] = f(output[i]);
    } else {
      output[i] = f(input[i]);
    }
  }
}

@compute @workgroup_size(256)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    if (IN_PLACE) {
      output[i] = df(x[i], y[i], output[i]);
    } else {
      output[i] = df(x[i], y[i], input[i]);
    }
  }
}
`;

/** update.wgsl */
export const update = `// One step of a parameter w by its gradient g; rule() is made from the update rule's statements:
//
//   g ← scale·g + decay·r(w);  g ← rule(g, history);  w ← w − g
//
// and where decay is decoupled from the gradient it is added behind the rule, by rate · decay.
struct Params {
  numbers: vec4f,
  rate: f32,
  gradientScale: f32,
  decay: f32,
  count: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// One more factor on the gradient, (1).
@group(0) @binding(1) var<storage, read> clipping: array<f32>;
// All (count).
@group(0) @binding(2) var<storage, read_write> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> g: array<f32>;
@group(0) @binding(4) var<storage, read_write> first: array<f32>;
@group(0) @binding(5) var<storage, read_write> second: array<f32>;

// r(w) is the sign of w rather than w.
override IS_L1 = false;
override IS_DECOUPLED = false;
override IS_CLIPPED = false;

// (g, first, second) after the step of element i.
fn stepOf(i: u32, history: vec2f) -> vec3f {
  let penalty = select(w[i], signOf(w[i]), IS_L1);
  var gradient = p.gradientScale * g[i];
  if (IS_CLIPPED) {
    gradient *= clipping[0];
  }
  if (!IS_DECOUPLED) {
    gradient += p.decay * penalty;
  }
  var element = rule(vec3f(gradient, history), p.rate);
  if (IS_DECOUPLED) {
    element.x += p.rate * p.decay * penalty;
  }
  return element;
}

@compute @workgroup_size(256)
fn oneHistory(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let element = stepOf(i, vec2f(first[i], 0.0));
    g[i] = element.x;
    w[i] -= element.x;
    first[i] = element.y;
  }
}

@compute @workgroup_size(256)
fn twoHistories(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let element = stepOf(i, vec2f(first[i], second[i]));
    g[i] = element.x;
    w[i] -= element.x;
    first[i] = element.y;
    second[i] = element.z;
  }
}
`;

/** workgroup-sum-subgroups.wgsl */
export const workgroupSumSubgroups = `// As workgroup-sum.wgsl, where the adapter adds up a subgroup in one instruction: one barrier instead of eight.
enable subgroups;
requires subgroup_id;

override WIDTH = 256u;
const LOWEST = -3.4028234663852886e38;

struct Lane {
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) inSubgroup: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(num_subgroups) subgroups: u32,
}

var<workgroup> lanes: array<vec2f, WIDTH>;

fn workgroupSum(lane: Lane, value: vec2f) -> vec2f {
  let sum = subgroupAdd(value);
  if (lane.inSubgroup == 0u) {
    lanes[lane.subgroup] = sum;
  }
  workgroupBarrier();
  var total = vec2f();
  for (var s = 0u; s < lane.subgroups; s++) {
    total += lanes[s];
  }
  workgroupBarrier();
  return total;
}

fn workgroupMax(lane: Lane, value: f32) -> f32 {
  let largest = subgroupMax(value);
  if (lane.inSubgroup == 0u) {
    lanes[lane.subgroup].x = largest;
  }
  workgroupBarrier();
  var total = LOWEST;
  for (var s = 0u; s < lane.subgroups; s++) {
    total = max(total, lanes[s].x);
  }
  workgroupBarrier();
  return total;
}
`;

/** workgroup-sum.wgsl */
export const workgroupSum = `// workgroupSum, the sum over a workgroup of WIDTH invocations, and workgroupMax: by halving, in an order that
// never changes. All of a workgroup must come by.
override WIDTH = 256u;
const LOWEST = -3.4028234663852886e38;

struct Lane {
  @builtin(local_invocation_index) index: u32,
}

var<workgroup> lanes: array<vec2f, WIDTH>;

fn workgroupSum(lane: Lane, value: vec2f) -> vec2f {
  lanes[lane.index] = value;
  workgroupBarrier();
  for (var span = WIDTH / 2u; span > 0u; span /= 2u) {
    if (lane.index < span) {
      lanes[lane.index] += lanes[lane.index + span];
    }
    workgroupBarrier();
  }
  let total = lanes[0];
  workgroupBarrier();
  return total;
}

fn workgroupMax(lane: Lane, value: f32) -> f32 {
  lanes[lane.index].x = value;
  workgroupBarrier();
  for (var span = WIDTH / 2u; span > 0u; span /= 2u) {
    if (lane.index < span) {
      lanes[lane.index].x = max(lanes[lane.index].x, lanes[lane.index + span].x);
    }
    workgroupBarrier();
  }
  let largest = lanes[0].x;
  workgroupBarrier();
  return largest;
}
`;
