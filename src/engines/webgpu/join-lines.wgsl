// A product's bias and the lines behind it as one line per channel: (x + A)·S + B, where A takes in the bias and the
// center of a normalisation right behind it, so that nothing cancels far from 0. One run for each line.
struct Params {
  channels: u32,
  isFirst: u32,
  // There is a bias of the product's own, and a shift of this line, which may be the center before it instead.
  hasOwn: u32,
  hasShift: u32,
  isCenter: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All (channels).
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> shift: array<f32>;
@group(0) @binding(3) var<storage, read> own: array<f32>;
// (3, channels): A, S, B
@group(0) @binding(4) var<storage, read_write> lines: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var c = id.x; c < p.channels; c += 256u * grid.x) {
    var line = vec3f(0.0, 1.0, 0.0);
    if (p.isFirst == 0u) {
      line = vec3f(lines[c], lines[p.channels + c], lines[2u * p.channels + c]);
    } else if (p.hasOwn != 0u) {
      line.x = own[c];
    }
    if (p.isCenter != 0u && p.isFirst != 0u) {
      line.x -= shift[c];
    } else if (p.isCenter != 0u) {
      line.z -= shift[c];
    }
    line = vec3f(line.x, line.yz * scale[c]);
    if (p.hasShift != 0u && p.isCenter == 0u) {
      line.z += shift[c];
    }
    lines[c] = line.x;
    lines[p.channels + c] = line.y;
    lines[2u * p.channels + c] = line.z;
  }
}
