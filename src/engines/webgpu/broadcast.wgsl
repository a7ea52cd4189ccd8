// A vector over an array (outer, length, inner), one element for each l.
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
