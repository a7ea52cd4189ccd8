// y = f(Σ over slices + bias), the slices in their order; added to y where `adds` says so.
struct Params {
  numbers: vec4f,
  count: u32,
  slices: u32,
  // y seen as (…, channels, inner): one bias for each channel.
  channels: u32,
  inner: u32,
  finish: u32,
  adds: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (slices, count)
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<E3>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    var sum = 0.0;
    for (var s = 0u; s < p.slices; s++) {
      sum += parts[s * p.count + i];
    }
    if (p.adds != 0u) {
      y[i] = E3(f32(y[i]) + sum);
    } else {
      y[i] = E3(finished(sum, i / p.inner % p.channels, p.channels));
    }
  }
}
