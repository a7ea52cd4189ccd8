// Channels of an array (outer, channels, inner) brought to length 1, a position at a time.
struct Params {
  // The root of eps, with its sign.
  root: f32,
  outer: u32,
  channels: u32,
  inner: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, channels, inner)
@group(0) @binding(1) var<storage, read> x: array<f32>;
// (outer, inner), kept for backward
@group(0) @binding(2) var<storage, read_write> norms: array<f32>;
// y, or dx
@group(0) @binding(3) var<storage, read_write> output: array<f32>;
// backward: dy
@group(0) @binding(4) var<storage, read> gradient: array<f32>;

// The first element of position r of (outer, inner).
fn startOf(r: u32) -> u32 {
  return r / p.inner * p.channels * p.inner + r % p.inner;
}

// Squares of large and small numbers leave the range of f32, so they are taken of shares of the largest.
fn normOf(most: f32, squares: f32) -> f32 {
  let root = p.root / most;
  return most * rootOf(squares + root * abs(root));
}

// A divisor for shares: 1 of nothing but zeros, and finite.
fn divisorOf(most: f32) -> f32 {
  return select(min(most, 3.0e38), 1.0, most == 0.0);
}

fn squareOf(value: f32, most: f32) -> f32 {
  let share = value / most;
  return share * share;
}

// x · dy / norm, for which no product leaves the range.
fn alongAt(i: u32, norm: f32) -> f32 {
  return x[i] / norm * gradient[i];
}

// A position for each invocation: right where many lie side by side.
@compute @workgroup_size(WIDTH)
fn forwardEach(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = id.x; r < p.outer * p.inner; r += WIDTH * grid.x) {
    let start = startOf(r);
    var most = abs(p.root);
    for (var c = 0u; c < p.channels; c++) {
      most = max(most, abs(x[start + c * p.inner]));
    }
    most = divisorOf(most);
    var squares = 0.0;
    for (var c = 0u; c < p.channels; c++) {
      squares += squareOf(x[start + c * p.inner], most);
    }
    let norm = normOf(most, squares);
    norms[r] = norm;
    for (var c = 0u; c < p.channels; c++) {
      let i = start + c * p.inner;
      output[i] = x[i] / norm;
    }
  }
}

// A position for each workgroup: right where its channels lie close together.
@compute @workgroup_size(WIDTH)
fn forwardTogether(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = workgroup.x; r < p.outer * p.inner; r += grid.x) {
    let start = startOf(r);
    var most = abs(p.root);
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      most = max(most, abs(x[start + c * p.inner]));
    }
    most = divisorOf(workgroupMax(lane, most));
    var squares = 0.0;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      squares += squareOf(x[start + c * p.inner], most);
    }
    let norm = normOf(most, workgroupSum(lane, vec2f(squares, 0.0)).x);
    if (lane.index == 0u) {
      norms[r] = norm;
    }
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      let i = start + c * p.inner;
      output[i] = x[i] / norm;
    }
  }
}

// dx = (dy − x / norm · Σ x · dy / norm) / norm
@compute @workgroup_size(WIDTH)
fn backwardEach(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = id.x; r < p.outer * p.inner; r += WIDTH * grid.x) {
    let start = startOf(r);
    let norm = norms[r];
    var along = 0.0;
    for (var c = 0u; c < p.channels; c++) {
      along += alongAt(start + c * p.inner, norm);
    }
    for (var c = 0u; c < p.channels; c++) {
      let i = start + c * p.inner;
      output[i] = (gradient[i] - x[i] / norm * along) / norm;
    }
  }
}

@compute @workgroup_size(WIDTH)
fn backwardTogether(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = workgroup.x; r < p.outer * p.inner; r += grid.x) {
    let start = startOf(r);
    let norm = norms[r];
    var sum = 0.0;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      sum += alongAt(start + c * p.inner, norm);
    }
    let along = workgroupSum(lane, vec2f(sum, 0.0)).x;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      let i = start + c * p.inner;
      output[i] = (gradient[i] - x[i] / norm * along) / norm;
    }
  }
}

// y = x / norm, by norms that are there
@compute @workgroup_size(WIDTH)
fn again(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.outer * p.channels * p.inner; i += WIDTH * grid.x) {
    output[i] = x[i] / norms[i / (p.channels * p.inner) * p.inner + i % p.inner];
  }
}
