// y(o) = coeff · Σ over inner of x, |x| or x².
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
