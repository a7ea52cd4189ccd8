// How often the label is among the highest scores, and which values of a row are the greatest: (outer, length, inner).
struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  topK: u32,
  // Labels that do not count, if there are such.
  ignored: i32,
  ignores: u32,
  // Workgroups that share the sum of hits.
  shares: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, length, inner)
@group(0) @binding(1) var<storage, read> x: array<f32>;
// (outer, inner)
@group(0) @binding(2) var<storage, read> labels: array<f32>;
// (outer, inner): whether the label counts, and whether it is right; behind them the shares of their sum
@group(0) @binding(3) var<storage, read_write> hits: array<vec2f>;
// (1), (length), or the greatest values
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// argMax: 0 indices, 1 values, 2 both.
override WANTS = 0u;

// A score equal to the label's counts against it; NaN is right nowhere, and neither is a label that names no class.
@compute @workgroup_size(WIDTH)
fn judge(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var r = id.x; r < p.outer * p.inner; r += WIDTH * grid.x) {
    let label = i32(labels[r]);
    if (p.ignores != 0u && label == p.ignored) {
      hits[r] = vec2f();
    } else if (!isPlace(labels[r], p.length)) {
      hits[r] = vec2f(1.0, 0.0);
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

// Each workgroup adds a share.
@compute @workgroup_size(WIDTH)
fn shareOfAll(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = p.outer * p.inner;
  var sum = vec2f();
  for (var r = workgroup.x * WIDTH + lane.index; r < count; r += WIDTH * grid.x) {
    sum += hits[r];
  }
  let total = workgroupSum(lane, sum);
  if (lane.index == 0u) {
    hits[count + workgroup.x] = total;
  }
}

// One workgroup, of the shares.
@compute @workgroup_size(WIDTH)
fn ofAll(lane: Lane) {
  let count = p.outer * p.inner;
  var sum = vec2f();
  for (var s = lane.index; s < p.shares; s += WIDTH) {
    sum += hits[count + s];
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
