// y = (byte − mean) · scale of images of bytes, each mirrored and interleaved or not.
struct Params {
  scale: f32,
  count: u32,
  channels: u32,
  height: u32,
  width: u32,
  meanChannelStep: u32,
  meanRowStep: u32,
  meanColumnStep: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// four bytes in each
@group(0) @binding(1) var<storage, read> bytes: array<u32>;
// of each image top, left, whether it is mirrored, whether it is interleaved
@group(0) @binding(2) var<storage, read> cuts: array<vec4f>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
// (images, channels, height, width)
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let size = p.channels * p.height * p.width;
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let image = i / size;
    let cut = cuts[image];
    let line = i % size / p.width;
    let row = line % p.height;
    let channel = line / p.height;
    let column = select(i % p.width, p.width - 1u - i % p.width, cut.z != 0.0);
    let planar = line * p.width + column;
    let interleaved = (row * p.width + column) * p.channels + channel;
    let at = image * size + select(planar, interleaved, cut.w != 0.0);
    let byte = extractBits(bytes[at / 4u], 8u * (at % 4u), 8u);
    let place = channel * p.meanChannelStep + (u32(cut.x) + row) * p.meanRowStep + (u32(cut.y) + column) * p.meanColumnStep;
    y[i] = (f32(byte) - mean[place]) * p.scale;
  }
}
