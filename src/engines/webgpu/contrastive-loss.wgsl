// Pairs (pairs, channels) that are drawn together where they are similar, and driven apart up to a margin where not.
struct Params {
  scale: f32,
  margin: f32,
  pairs: u32,
  channels: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (pairs, channels)
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
// (pairs)
@group(0) @binding(3) var<storage, read> similar: array<f32>;
// the shares of the loss (workgroups), or the gradient (pairs, channels)
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

// The margin is for the squared distance.
override IS_LEGACY = false;

// Keeps the gradient finite where both of a pair are the same.
const NEAR_ZERO = 1e-4;

// Each workgroup adds a share, a pair for each invocation.
@compute @workgroup_size(WIDTH)
fn loss(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  var sum = 0.0;
  for (var i = workgroup.x * WIDTH + lane.index; i < p.pairs; i += WIDTH * grid.x) {
    var square = 0.0;
    for (var c = 0u; c < p.channels; c++) {
      let difference = a[i * p.channels + c] - b[i * p.channels + c];
      square += difference * difference;
    }
    if (i32(similar[i]) != 0) {
      sum += square;
    } else if (IS_LEGACY) {
      sum += larger(p.margin - square, 0.0);
    } else {
      let gap = larger(p.margin - rootOf(square), 0.0);
      sum += gap * gap;
    }
  }
  let total = workgroupSum(lane, vec2f(sum, 0.0)).x;
  if (lane.index == 0u) {
    result[workgroup.x] = p.scale * total;
  }
}

// A pair for each workgroup.
@compute @workgroup_size(WIDTH)
fn gradient(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = workgroup.x; i < p.pairs; i += grid.x) {
    var part = 0.0;
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      let difference = a[i * p.channels + c] - b[i * p.channels + c];
      part += difference * difference;
    }
    let square = workgroupSum(lane, vec2f(part, 0.0)).x;
    var slope = p.scale;
    if (i32(similar[i]) == 0) {
      let distance = rootOf(square);
      let gap = p.margin - select(distance, square, IS_LEGACY);
      let steep = select(gap / (distance + NEAR_ZERO), 1.0, IS_LEGACY);
      slope = select(0.0, -p.scale * steep, gap > 0.0);
    }
    for (var c = lane.index; c < p.channels; c += WIDTH) {
      let at = i * p.channels + c;
      result[at] = slope * (a[at] - b[at]);
    }
  }
}
