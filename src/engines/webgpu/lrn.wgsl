// y = x · s^-β with s = k + α/size · Σ x² over a region: neighbouring channels, or a square within a channel.
struct Params {
  alphaBySize: f32,
  beta: f32,
  k: f32,
  // 2·α·β / size
  factor: f32,
  count: u32,
  channels: i32,
  height: i32,
  width: i32,
  // On either side of an element.
  reach: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All (N, C, H, W).
@group(0) @binding(1) var<storage, read> x: array<E1>;
@group(0) @binding(2) var<storage, read_write> scale: array<f32>;
// forward: y; backward: dx
@group(0) @binding(3) var<storage, read_write> result: array<E3>;
@group(0) @binding(4) var<storage, read> y: array<E4>;
@group(0) @binding(5) var<storage, read> dy: array<E5>;

override ACROSS = true;

// What is added up over the region: x² forward, dy · y / s backward.
override IS_BACKWARD = false;

fn term(i: i32) -> f32 {
  if (IS_BACKWARD) {
    return f32(dy[i]) * f32(y[i]) / scale[i];
  }
  return f32(x[i]) * f32(x[i]);
}

fn regionSum(i: i32) -> f32 {
  let plane = p.height * p.width;
  var sum = 0.0;
  if (ACROSS) {
    let channel = i / plane % p.channels;
    let first = max(channel - p.reach, 0);
    let last = min(channel + p.reach, p.channels - 1);
    for (var c = first; c <= last; c++) {
      sum += term(i + (c - channel) * plane);
    }
    return sum;
  }
  let row = i / p.width % p.height;
  let column = i % p.width;
  for (var h = max(row - p.reach, 0); h <= min(row + p.reach, p.height - 1); h++) {
    for (var w = max(column - p.reach, 0); w <= min(column + p.reach, p.width - 1); w++) {
      sum += term(i + (h - row) * p.width + w - column);
    }
  }
  return sum;
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let sum = regionSum(i32(i));
    if (IS_BACKWARD) {
      result[i] = E3(f32(dy[i]) * powerOf(scale[i], -p.beta) - p.factor * f32(x[i]) * sum);
    } else {
      let s = p.k + p.alphaBySize * sum;
      scale[i] = s;
      result[i] = E3(f32(x[i]) * powerOf(s, -p.beta));
    }
  }
}
