// A product's bias and the lines behind it as one line per channel: (x·S + B)·s + b is x·(S·s) + (B·s + b). One run for
// each line.
struct Params {
  channels: u32,
  isFirst: u32,
  // There is a bias of the product's own, and one of this line.
  hasOwn: u32,
  hasShift: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All (channels).
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> shift: array<f32>;
@group(0) @binding(3) var<storage, read> own: array<f32>;
// (2, channels): B, then S
@group(0) @binding(4) var<storage, read_write> lines: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var c = id.x; c < p.channels; c += 256u * grid.x) {
    var line = vec2f(0.0, 1.0);
    if (p.isFirst == 0u) {
      line = vec2f(lines[c], lines[p.channels + c]);
    } else if (p.hasOwn != 0u) {
      line.x = own[c];
    }
    line *= scale[c];
    if (p.hasShift != 0u) {
      line.x += shift[c];
    }
    lines[c] = line.x;
    lines[p.channels + c] = line.y;
  }
}
