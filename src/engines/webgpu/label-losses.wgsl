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
