// A vector over an array (outer, length, inner), one element for each l.
struct Params {
  count: u32,
  length: u32,
  inner: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, length, inner)
@group(0) @binding(1) var<storage, read> input: array<E1>;
@group(0) @binding(2) var<storage, read_write> output: array<E2>;
// (length)
@group(0) @binding(3) var<storage, read> vector: array<f32>;
// scaleAndShift: (length); slopeBackward: x, (outer, length, inner)
@group(0) @binding(4) var<storage, read> other: array<E4>;

// The output is the input, too.
override IN_PLACE = false;

fn at(i: u32) -> f32 {
  if (IN_PLACE) {
    return f32(output[i]);
  }
  return f32(input[i]);
}

fn channelOf(i: u32) -> u32 {
  return i / p.inner % p.length;
}

@compute @workgroup_size(256)
fn scale(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    output[i] = E2(at(i) * vector[channelOf(i)]);
  }
}

@compute @workgroup_size(256)
fn scaleAndShift(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let l = channelOf(i);
    output[i] = E2(at(i) * vector[l] + f32(other[l]));
  }
}

@compute @workgroup_size(256)
fn shift(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    output[i] = E2(at(i) + vector[channelOf(i)]);
  }
}

// PReLU
@compute @workgroup_size(256)
fn slope(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let x = at(i);
    output[i] = E2(larger(x, 0.0) + vector[channelOf(i)] * smaller(x, 0.0));
  }
}

@compute @workgroup_size(256)
fn slopeBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    output[i] = E2(at(i) * select(vector[channelOf(i)], 1.0, f32(other[i]) > 0.0));
  }
}
