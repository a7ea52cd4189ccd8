// Depthwise convolution: every input channel is a group of its own, and has `multiplier` outputs. Each invocation makes
// one element; neighbours read neighbours.
struct Params {
  numbers: vec4f,
  // Of y (forward), dx (backwardData) or dW (backwardWeights).
  count: u32,
  finish: u32,
  outputs: u32,
  multiplier: u32,
  // Elements of an input plane, of an output plane, and of one output's W.
  inSize: u32,
  outSize: u32,
  kernelSize: u32,
  // backwardWeights: images and positions, and how many of them a slice has.
  extent: u32,
  sliceLength: u32,
  in0: i32,
  in1: i32,
  in2: i32,
  out0: i32,
  out1: i32,
  out2: i32,
  pad0: i32,
  pad1: i32,
  pad2: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// forward, backwardWeights: x (N, C, input); backwardData: dy (N, O, output)
@group(0) @binding(1) var<storage, read> input: array<E1>;
// (O, 1, kernel)
@group(0) @binding(2) var<storage, read> w: array<f32>;
// (N, O, output)
@group(0) @binding(3) var<storage, read> dy: array<E3>;
// (O) or a line, see finish.wgsl
@group(0) @binding(4) var<storage, read> bias: array<f32>;
// y (N, O, output), dx (N, C, input), or (slices, O, kernel) parts of dW
@group(0) @binding(5) var<storage, read_write> result: array<E5>;

// Constants, because loops of constant length are unrolled and a division by a constant is cheap.
override KERNEL_0 = 1;
override KERNEL_1 = 1;
override KERNEL_2 = 1;
override STRIDE_0 = 1;
override STRIDE_1 = 1;
override STRIDE_2 = 1;
override DILATION_0 = 1;
override DILATION_1 = 1;
override DILATION_2 = 1;

fn inputPosition(i: i32) -> vec3i {
  return vec3i(i / (p.in1 * p.in2), i / p.in2 % p.in1, i % p.in2);
}

fn outputPosition(i: i32) -> vec3i {
  return vec3i(i / (p.out1 * p.out2), i / p.out2 % p.out1, i % p.out2);
}

fn isIn(at: i32, length: i32) -> bool {
  return at >= 0 && at < length;
}

@compute @workgroup_size(256)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let stride = vec3i(STRIDE_0, STRIDE_1, STRIDE_2);
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let plane = i / p.outSize;
    let output = plane % p.outputs;
    let corner = outputPosition(i32(i % p.outSize)) * stride - vec3i(p.pad0, p.pad1, p.pad2);
    let start = i32(plane / p.multiplier * p.inSize);
    var tap = output * p.kernelSize;
    var sum = 0.0;
    for (var a = 0; a < KERNEL_0; a++) {
      let x = corner.x + a * DILATION_0;
      for (var b = 0; b < KERNEL_1; b++) {
        let y = corner.y + b * DILATION_1;
        let row = start + (x * p.in1 + y) * p.in2;
        let isRow = isIn(x, p.in0) && isIn(y, p.in1);
        for (var c = 0; c < KERNEL_2; c++) {
          let z = corner.z + c * DILATION_2;
          if (isRow && isIn(z, p.in2)) {
            sum += w[tap] * f32(input[row + z]);
          }
          tap++;
        }
      }
    }
    result[i] = E5(finished(sum, output, p.outputs));
  }
}

// dx: each input element gathers from the windows that have it.
@compute @workgroup_size(256)
fn backwardData(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let channels = p.outputs / p.multiplier;
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let position = inputPosition(i32(i % p.inSize)) + vec3i(p.pad0, p.pad1, p.pad2);
    let plane = i / p.inSize;
    var sum = 0.0;
    for (var m = 0u; m < p.multiplier; m++) {
      let output = plane % channels * p.multiplier + m;
      let start = i32((plane / channels * p.outputs + output) * p.outSize);
      var tap = output * p.kernelSize;
      for (var a = 0; a < KERNEL_0; a++) {
        let x = position.x - a * DILATION_0;
        for (var b = 0; b < KERNEL_1; b++) {
          let y = position.y - b * DILATION_1;
          let row = start + (x / STRIDE_0 * p.out1 + y / STRIDE_1) * p.out2;
          let isRow = isHit(x, STRIDE_0, p.out0) && isHit(y, STRIDE_1, p.out1);
          for (var c = 0; c < KERNEL_2; c++) {
            let z = position.z - c * DILATION_2;
            if (isRow && isHit(z, STRIDE_2, p.out2)) {
              sum += w[tap] * f32(input[row + z / STRIDE_2]);
            }
            tap++;
          }
        }
      }
    }
    result[i] = E5(sum);
  }
}

// Whether a window begins there.
fn isHit(at: i32, stride: i32, length: i32) -> bool {
  return at >= 0 && at % stride == 0 && at / stride < length;
}

// Parts of dW: an invocation for a tap of an output and a slice of the images and positions.
@compute @workgroup_size(256)
fn backwardWeights(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  let stride = vec3i(STRIDE_0, STRIDE_1, STRIDE_2);
  let begin = workgroup.y * p.sliceLength;
  let end = min(begin + p.sliceLength, p.extent);
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let output = i / p.kernelSize;
    let t = i32(i % p.kernelSize);
    let tap = vec3i(t / (KERNEL_1 * KERNEL_2), t / KERNEL_2 % KERNEL_1, t % KERNEL_2);
    let offset = tap * vec3i(DILATION_0, DILATION_1, DILATION_2) - vec3i(p.pad0, p.pad1, p.pad2);
    var image = begin / p.outSize;
    var inPlane = begin % p.outSize;
    var position = outputPosition(i32(inPlane));
    var sum = 0.0;
    for (var j = begin; j < end; j++) {
      let at = position * stride + offset;
      if (isIn(at.x, p.in0) && isIn(at.y, p.in1) && isIn(at.z, p.in2)) {
        let plane = image * p.outputs + output;
        let x = i32(plane / p.multiplier * p.inSize) + (at.x * p.in1 + at.y) * p.in2 + at.z;
        sum += f32(dy[plane * p.outSize + inPlane]) * f32(input[x]);
      }
      // The next position: no division for each.
      inPlane++;
      position.z++;
      if (position.z == p.out2) {
        position = vec3i(position.x, position.y + 1, 0);
        if (position.y == p.out1) {
          position = vec3i(position.x + 1, 0, 0);
          if (position.x == p.out0) {
            position.x = 0;
            inPlane = 0u;
            image++;
          }
        }
      }
    }
    result[workgroup.y * p.count + i] = E5(sum);
  }
}
