// y = x, whatever the elements of both are.
struct Params {
  count: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<E1>;
@group(0) @binding(2) var<storage, read_write> y: array<E2>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E2(f32(x[i]));
  }
}
