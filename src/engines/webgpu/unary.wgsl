// y = f(x) and dx = df(x, y, dy), element by element. The functions are made from the layer's expressions.
struct Params {
  numbers: vec4f,
  count: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All of one length. In place, the last one is both read and written, and the first is not looked at.
@group(0) @binding(1) var<storage, read> input: array<E1>;
@group(0) @binding(2) var<storage, read_write> output: array<E2>;
// backward only
@group(0) @binding(3) var<storage, read> x: array<E3>;
@group(0) @binding(4) var<storage, read> y: array<E4>;

override IN_PLACE = false;

@compute @workgroup_size(256)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    if (IN_PLACE) {
      output[i] = E2(f(f32(output[i])));
    } else {
      output[i] = E2(f(f32(input[i])));
    }
  }
}

@compute @workgroup_size(256)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    if (IN_PLACE) {
      output[i] = E2(df(f32(x[i]), f32(y[i]), f32(output[i])));
    } else {
      output[i] = E2(df(f32(x[i]), f32(y[i]), f32(input[i])));
    }
  }
}
