// y = 0 where the element's random word is below the threshold, else scale · x.
struct Params {
  scale: f32,
  count: u32,
  threshold: u32,
  stream: u32,
  turn: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (count)
@group(0) @binding(1) var<storage, read> x: array<E1>;
@group(0) @binding(2) var<storage, read_write> y: array<E2>;

override IN_PLACE = false;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    // NaN times 0 stays NaN.
    let factor = select(0.0, p.scale, randomBits(p.stream, p.turn, i) >= p.threshold);
    if (IN_PLACE) {
      y[i] = E2(f32(y[i]) * factor);
    } else {
      y[i] = E2(factor * f32(x[i]));
    }
  }
}
