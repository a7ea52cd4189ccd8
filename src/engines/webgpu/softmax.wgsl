// Softmax along the channels of an array (outer, channels, inner), the log loss of labels, and the gradients of both.
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

// scale · Σ −log p(label), of the probabilities in `input`: each workgroup adds a share. NaN where a label names no class.
@compute @workgroup_size(WIDTH)
fn loss(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  var sum = 0.0;
  for (var r = workgroup.x * WIDTH + lane.index; r < p.outer * p.inner; r += WIDTH * grid.x) {
    let label = i32(other[r]);
    if (counts(label)) {
      if (isPlace(other[r], p.channels)) {
        sum -= logOf(larger(input[startOf(r) + u32(label) * p.inner], SMALLEST));
      } else {
        sum = nanOf(other[r]);
      }
    }
  }
  let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
  if (lane.index == 0u) {
    output[workgroup.x] = p.scale * total;
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
