// v ← momentum·v + rate·(gradientScale·g + decay·r(w)); w ← w − v, in one pass.
struct Params {
  rate: f32,
  momentum: f32,
  gradientScale: f32,
  decay: f32,
  count: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All (count).
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;

// r(w) is the sign of w rather than w.
override IS_L1 = false;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let penalty = select(w[i], sign(w[i]), IS_L1);
    let step = p.momentum * v[i] + p.rate * (p.gradientScale * g[i] + p.decay * penalty);
    v[i] = step;
    w[i] -= step;
  }
}
