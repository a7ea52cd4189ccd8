// The sigmoid and the hinge loss: a sum to which each workgroup adds a share, and gradients element by element.
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
// the shares of the loss (workgroups), or dx (count)
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
fn sigmoid(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  var sum = 0.0;
  for (var i = workgroup.x * WIDTH + lane.index; i < p.count; i += WIDTH * grid.x) {
    if (counts(i)) {
      sum -= x[i] * (other[i] - select(0.0, 1.0, x[i] >= 0.0)) - softplusTail(x[i]);
    }
  }
  finish(lane, workgroup.x, sum);
}

@compute @workgroup_size(WIDTH)
fn hinge(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  var sum = 0.0;
  for (var i = workgroup.x * WIDTH + lane.index; i < p.count; i += WIDTH * grid.x) {
    let gap = larger(0.0, 1.0 + sideOf(i) * x[i]);
    sum += select(gap, gap * gap, IS_SQUARED);
  }
  finish(lane, workgroup.x, sum);
}

fn finish(lane: Lane, share: u32, sum: f32) {
  let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
  if (lane.index == 0u) {
    result[share] = p.scale * total;
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
