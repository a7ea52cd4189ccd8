// Pooling of planes. Windows are clipped to the image; an average divides by the window clipped to the padded image.
struct Params {
  // Elements of y (forward) or of dx (backward).
  count: u32,
  stream: u32,
  turn: u32,
  hasMask: u32,
  in0: i32,
  in1: i32,
  out0: i32,
  out1: i32,
  kernel0: i32,
  kernel1: i32,
  stride0: i32,
  stride1: i32,
  pad0: i32,
  pad1: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (N, C, H, W)
@group(0) @binding(1) var<storage, read> x: array<E1>;
// forward: y, (N, C, H', W'); backward: dx, like x
@group(0) @binding(2) var<storage, read_write> result: array<E2>;
// Where each y came from, h·W + w within its plane; -1 from nowhere. (N, C, H', W')
@group(0) @binding(3) var<storage, read_write> origin: array<i32>;
// The same in floats, where the layer has a second top.
@group(0) @binding(4) var<storage, read_write> mask: array<f32>;
// backward: (N, C, H', W')
@group(0) @binding(5) var<storage, read> dy: array<E5>;

const LOWEST = -3.4028234663852886e38;

struct Window {
  // [begin, end) on both axes within the image.
  begin: vec2i,
  end: vec2i,
  area: f32,
}

fn windowAt(out: vec2i) -> Window {
  let size = vec2i(p.in0, p.in1);
  let pad = vec2i(p.pad0, p.pad1);
  let begin = out * vec2i(p.stride0, p.stride1) - pad;
  let end = min(begin + vec2i(p.kernel0, p.kernel1), size + pad);
  let extent = end - begin;
  return Window(max(begin, vec2i()), min(end, size), f32(extent.x * extent.y));
}

// The plane of element i of y, and its position in that.
fn planeOf(i: u32) -> i32 {
  return i32(i) / (p.out0 * p.out1);
}

fn positionOf(i: u32) -> vec2i {
  return vec2i(i32(i) / p.out1 % p.out0, i32(i) % p.out1);
}

@compute @workgroup_size(256)
fn maxForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let window = windowAt(positionOf(i));
    let plane = planeOf(i) * p.in0 * p.in1;
    var best = LOWEST;
    var index = -1;
    for (var h = window.begin.x; h < window.end.x; h++) {
      for (var w = window.begin.y; w < window.end.y; w++) {
        let value = f32(x[plane + h * p.in1 + w]);
        // The first of equal values wins, the lowest of all among them; NaN never does.
        if (isGreater(value, best) || (index < 0 && value == LOWEST)) {
          best = value;
          index = h * p.in1 + w;
        }
      }
    }
    result[i] = E2(best);
    origin[i] = index;
    if (p.hasMask != 0u) {
      mask[i] = f32(index);
    }
  }
}

@compute @workgroup_size(256)
fn averageForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let window = windowAt(positionOf(i));
    let plane = planeOf(i) * p.in0 * p.in1;
    var sum = 0.0;
    for (var h = window.begin.x; h < window.end.x; h++) {
      for (var w = window.begin.y; w < window.end.y; w++) {
        sum += f32(x[plane + h * p.in1 + w]);
      }
    }
    result[i] = E2(sum / window.area);
  }
}

// Σ x of a window.
fn sumOf(window: Window, plane: i32) -> f32 {
  var sum = 0.0;
  for (var h = window.begin.x; h < window.end.x; h++) {
    for (var w = window.begin.y; w < window.end.y; w++) {
      sum += f32(x[plane + h * p.in1 + w]);
    }
  }
  return sum;
}

// Σ x² / Σ x of a window, of numbers too small to be squared also.
fn meanDraw(window: Window, plane: i32, sum: f32) -> f32 {
  var mean = 0.0;
  for (var h = window.begin.x; h < window.end.x; h++) {
    for (var w = window.begin.y; w < window.end.y; w++) {
      let value = f32(x[plane + h * p.in1 + w]);
      mean += value * (value / sum);
    }
  }
  return mean;
}

// Whether Σ x² / Σ x is anything: the sum is above 0, or no number, which must not be lost.
fn hasMean(sum: f32) -> bool {
  return sum > 0.0 || isNan(sum);
}

// One x of the window, drawn by its share of the sum; one that is no number is always drawn.
@compute @workgroup_size(256)
fn drawForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let window = windowAt(positionOf(i));
    let plane = planeOf(i) * p.in0 * p.in1;
    let share = f32(randomBits(p.stream, p.turn, i)) / 4294967296.0;
    let threshold = share * sumOf(window, plane);
    var running = 0.0;
    var index = (window.end.x - 1) * p.in1 + window.end.y - 1;
    var isFound = false;
    for (var h = window.begin.x; h < window.end.x && !isFound; h++) {
      for (var w = window.begin.y; w < window.end.y && !isFound; w++) {
        running += f32(x[plane + h * p.in1 + w]);
        if (running >= threshold || isNan(running)) {
          index = h * p.in1 + w;
          isFound = true;
        }
      }
    }
    result[i] = E2(f32(x[plane + index]));
    origin[i] = index;
  }
}

@compute @workgroup_size(256)
fn meanDrawForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let window = windowAt(positionOf(i));
    let plane = planeOf(i) * p.in0 * p.in1;
    let sum = sumOf(window, plane);
    result[i] = E2(select(0.0, meanDraw(window, plane, sum), hasMean(sum)));
  }
}

// The output positions whose windows have input position `at`: [begin, end) on both axes.
fn windowsOver(at: vec2i) -> vec4i {
  let stride = vec2i(p.stride0, p.stride1);
  let padded = at + vec2i(p.pad0, p.pad1);
  let first = (padded - vec2i(p.kernel0, p.kernel1) + stride) / stride;
  // The quotient of a negative number is rounded up, but no window begins before 0.
  let begin = max(first, vec2i());
  let end = min(padded / stride + 1, vec2i(p.out0, p.out1));
  return vec4i(begin, end);
}

// What entries have in common that take, for each x, the gradients of its windows.
@compute @workgroup_size(256)
fn originBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let inPlane = i32(i) % (p.in0 * p.in1);
    let plane = i32(i) / (p.in0 * p.in1) * p.out0 * p.out1;
    let over = windowsOver(vec2i(inPlane / p.in1, inPlane % p.in1));
    var sum = 0.0;
    for (var h = over.x; h < over.z; h++) {
      for (var w = over.y; w < over.w; w++) {
        let out = plane + h * p.out1 + w;
        if (origin[out] == inPlane) {
          sum += f32(dy[out]);
        }
      }
    }
    result[i] = E2(sum);
  }
}

@compute @workgroup_size(256)
fn averageBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let inPlane = i32(i) % (p.in0 * p.in1);
    let plane = i32(i) / (p.in0 * p.in1) * p.out0 * p.out1;
    let over = windowsOver(vec2i(inPlane / p.in1, inPlane % p.in1));
    var sum = 0.0;
    for (var h = over.x; h < over.z; h++) {
      for (var w = over.y; w < over.w; w++) {
        sum += f32(dy[plane + h * p.out1 + w]) / windowAt(vec2i(h, w)).area;
      }
    }
    result[i] = E2(sum);
  }
}

@compute @workgroup_size(256)
fn meanDrawBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let inPlane = i32(i) % (p.in0 * p.in1);
    let plane = i32(i) / (p.in0 * p.in1);
    let over = windowsOver(vec2i(inPlane / p.in1, inPlane % p.in1));
    var sum = 0.0;
    for (var h = over.x; h < over.z; h++) {
      for (var w = over.y; w < over.w; w++) {
        let window = windowAt(vec2i(h, w));
        let total = sumOf(window, plane * p.in0 * p.in1);
        if (hasMean(total)) {
          let out = plane * p.out0 * p.out1 + h * p.out1 + w;
          let mean = meanDraw(window, plane * p.in0 * p.in1, total);
          sum += f32(dy[out]) * (2.0 * f32(x[i]) - mean) / total;
        }
      }
    }
    result[i] = E2(sum);
  }
}
