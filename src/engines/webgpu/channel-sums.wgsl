// Two sums for each channel l of arrays (outer, length, inner): first in slices, then over the slices in their order.
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
@group(0) @binding(1) var<storage, read> a: array<E1>;
@group(0) @binding(2) var<storage, read> b: array<E2>;
// (slices, length)
@group(0) @binding(3) var<storage, read_write> parts: array<vec2f>;

// 0: Σ a and Σ a·b. 1: Σ a. 2: Σ a·b where b < 0.
override KIND = 0u;

fn terms(i: u32) -> vec2f {
  if (KIND == 0u) {
    return vec2f(f32(a[i]), f32(a[i]) * f32(b[i]));
  }
  if (KIND == 1u) {
    return vec2f(f32(a[i]), 0.0);
  }
  return vec2f(f32(a[i]) * smaller(f32(b[i]), 0.0), 0.0);
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
