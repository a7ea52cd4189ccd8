// The windows of a convolution as columns: y(n, c, k…, p…) = x(n, c, p·stride − pad + k·dilation), 0 in the padding.
struct Params {
  count: u32,
  inSize: u32,
  outSize: u32,
  kernelSize: u32,
  in0: i32,
  in1: i32,
  in2: i32,
  out0: i32,
  out1: i32,
  out2: i32,
  stride0: i32,
  stride1: i32,
  stride2: i32,
  pad0: i32,
  pad1: i32,
  pad2: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// forward: x (N, C, input); backward: dy (N, C, kernel, output)
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
// Of each kernel element: its offset from the window's corner, and its position on three axes.
@group(0) @binding(3) var<storage, read> taps: array<vec4i>;
// Of each output position: its window's corner, as an offset in a plane and on three axes.
@group(0) @binding(4) var<storage, read> corners: array<vec4i>;
// More than three axes: of each kernel element and output position the offset of the input, or the other way round;
// -1 where there is none.
@group(0) @binding(5) var<storage, read> offsets: array<i32>;

// There are more than three axes.
override IS_LISTED = false;

fn isInside(position: vec3i) -> bool {
  return all(position >= vec3i()) && all(position < vec3i(p.in0, p.in1, p.in2));
}

@compute @workgroup_size(256)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let plane = i / (p.outSize * p.kernelSize) * p.inSize;
    if (IS_LISTED) {
      let offset = offsets[i % (p.outSize * p.kernelSize)];
      output[i] = select(0.0, input[select(0u, plane + u32(offset), offset >= 0)], offset >= 0);
      continue;
    }
    let tap = taps[i / p.outSize % p.kernelSize];
    let corner = corners[i % p.outSize];
    var value = 0.0;
    if (isInside(corner.yzw + tap.yzw)) {
      value = input[i32(plane) + corner.x + tap.x];
    }
    output[i] = value;
  }
}

// Each input element adds up what the windows hold of it.
@compute @workgroup_size(256)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let stride = vec3i(p.stride0, p.stride1, p.stride2);
  let outputs = vec3i(p.out0, p.out1, p.out2);
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let plane = i / p.inSize * p.kernelSize * p.outSize;
    let own = i32(i % p.inSize);
    let position = vec3i(own / (p.in1 * p.in2), own / p.in2 % p.in1, own % p.in2);
    var sum = 0.0;
    for (var k = 0u; k < p.kernelSize; k++) {
      if (IS_LISTED) {
        let offset = offsets[k * p.inSize + u32(own)];
        if (offset >= 0) {
          sum += input[plane + k * p.outSize + u32(offset)];
        }
        continue;
      }
      let offset = position + vec3i(p.pad0, p.pad1, p.pad2) - taps[k].yzw;
      let at = offset / stride;
      if (all(offset >= vec3i()) && all(at < outputs) && all(at * stride == offset)) {
        sum += input[plane + k * p.outSize + u32((at.x * p.out1 + at.y) * p.out2 + at.z)];
      }
    }
    output[i] = sum;
  }
}
