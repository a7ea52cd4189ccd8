// The log loss of given probabilities (outer, classes, inner), of the label's alone or as a matrix says, and gradients.
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
// the shares of the loss (workgroups), or the gradient (outer, classes, inner)
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

// Probabilities count as at least this.
const LEAST = 1e-20;

fn counts(label: f32) -> bool {
  return p.ignores == 0u || i32(label) != p.ignored;
}

// −log of a probability; NaN where the label names no class.
fn surprise(r: u32) -> f32 {
  let label = labels[r];
  if (!isPlace(label, p.classes)) {
    return nanOf(label);
  }
  return -logOf(larger(probs[startOf(r) + u32(label) * p.inner], LEAST));
}

// What class c is worth for a label; NaN where that names no class.
fn worthOf(label: f32, c: u32) -> f32 {
  if (!isPlace(label, p.classes)) {
    return nanOf(label);
  }
  return worth[u32(label) * p.classes + c];
}

fn startOf(r: u32) -> u32 {
  return r / p.inner * p.classes * p.inner + r % p.inner;
}

fn finish(lane: Lane, share: u32, sum: f32) {
  let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
  if (lane.index == 0u) {
    result[share] = p.scale * total;
  }
}

// Each workgroup adds a share.
@compute @workgroup_size(WIDTH)
fn multinomial(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  var sum = 0.0;
  for (var r = workgroup.x * WIDTH + lane.index; r < p.outer * p.inner; r += WIDTH * grid.x) {
    sum += surprise(r);
  }
  finish(lane, workgroup.x, sum);
}

@compute @workgroup_size(WIDTH)
fn multinomialBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.outer * p.classes * p.inner; i += WIDTH * grid.x) {
    let label = i32(labels[i / (p.classes * p.inner) * p.inner + i % p.inner]);
    result[i] = select(0.0, -p.scale / larger(probs[i], LEAST), i32(i / p.inner % p.classes) == label);
  }
}

// Each workgroup adds a share.
@compute @workgroup_size(WIDTH)
fn infogain(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  var sum = 0.0;
  for (var i = workgroup.x * WIDTH + lane.index; i < p.outer * p.classes * p.inner; i += WIDTH * grid.x) {
    let label = labels[i / (p.classes * p.inner) * p.inner + i % p.inner];
    if (counts(label)) {
      sum -= worthOf(label, i / p.inner % p.classes) * logOf(larger(probs[i], LEAST));
    }
  }
  finish(lane, workgroup.x, sum);
}

// A position for each invocation.
@compute @workgroup_size(WIDTH)
fn infogainBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = id.x; r < p.outer * p.inner; r += WIDTH * grid.x) {
    let label = labels[r];
    let isCounted = counts(label);
    var total = 0.0;
    for (var c = 0u; c < p.classes && isCounted; c++) {
      total += worthOf(label, c);
    }
    for (var c = 0u; c < p.classes; c++) {
      let i = startOf(r) + c * p.inner;
      if (isCounted) {
        result[i] = p.scale * (probs[i] * total - worthOf(label, c));
      } else {
        result[i] = 0.0;
      }
    }
  }
}
