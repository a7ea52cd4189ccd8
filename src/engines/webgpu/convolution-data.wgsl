// dx = Wᵀ ⊛ dy: A is W turned over (inputs, taps of the outputs), B gathers, for each input, the outputs whose windows have it,
// and N counts images and inputs.
//
// With a stride, an input meets only those taps that lie a multiple of the stride before it. Inputs that meet the same taps are a
// phase, a product of its own with stride 1: all phases together take no more products than there are.
alias Walk = Place;

// What phases.ts says of each phase.
fn ofPhase(phase: u32, field: u32) -> vec4i {
  return phases[6u * phase + field];
}

fn lengthN(phase: u32) -> u32 {
  return u32(ofPhase(phase, 0u).x);
}

fn lengthK(phase: u32) -> u32 {
  return u32(ofPhase(phase, 0u).y);
}

fn firstTap() -> vec3u {
  return vec3u(ofPhase(phase, 1u).xyz);
}

fn tapsAxes() -> vec3u {
  return vec3u(ofPhase(phase, 2u).xyz);
}

fn inputsAxes() -> vec3u {
  return vec3u(ofPhase(phase, 3u).xyz);
}

fn walkTo(k: u32) -> Walk {
  return placeOf(k, tapsAxes());
}

fn after(tap: Walk) -> Walk {
  return next(tap, tapsAxes());
}

fn walkOn(tap: Walk, step: Walk) -> Walk {
  return plus(tap, step, tapsAxes());
}

// Where the weights of a tap lie, for the group's first input.
fn weightsAt(tap: Place) -> u32 {
  let at = firstTap() + tap.at * vec3u(p.tapStep0, p.tapStep1, p.tapStep2);
  let element = (at.x * p.kernel1 + at.y) * p.kernel2 + at.z;
  return (group * p.outputs + tap.outer) * p.m * kernelSize() + element;
}

fn kernelSize() -> u32 {
  return p.kernel0 * p.kernel1 * p.kernel2;
}

fn fourTaps(tap0: Place) -> vec4u {
  let tap1 = after(tap0);
  let tap2 = after(tap1);
  return vec4u(weightsAt(tap0), weightsAt(tap1), weightsAt(tap2), weightsAt(after(tap2)));
}

struct RowA {
  start: u32,
}

fn rowA(m: u32) -> RowA {
  return RowA(min(m, p.m - 1u) * kernelSize());
}

fn loadA(row: RowA, k: u32, tap: Walk) -> vec4f {
  let exists = vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(lengthK(phase));
  let i = select(vec4u(), row.start + fourTaps(tap), exists);
  return select(vec4f(), vec4f(vec4(a[i.x], a[i.y], a[i.z], a[i.w])), exists);
}

// IS_WIDE_A: kernels of one element, and inputs in whole fours.
fn blockA(m: u32, k: u32, tap: Walk) -> mat4x4f {
  if (IS_WIDE_A) {
    let at = (group * p.outputs + k) * p.m + min(m, p.m - 1u);
    let i = vec4u(at, at + p.m, at + 2u * p.m, at + 3u * p.m) / 4u;
    let exists = vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(lengthK(phase));
    let j = select(vec4u(), i, exists);
    return mat4x4f(
      select(vec4f(), vec4f(a4[j.x]), exists.x),
      select(vec4f(), vec4f(a4[j.y]), exists.y),
      select(vec4f(), vec4f(a4[j.z]), exists.z),
      select(vec4f(), vec4f(a4[j.w]), exists.w),
    );
  }
  return transpose(mat4x4f(
    loadA(rowA(m), k, tap),
    loadA(rowA(m + 1u), k, tap),
    loadA(rowA(m + 2u), k, tap),
    loadA(rowA(m + 3u), k, tap),
  ));
}

// The output that the phase's first tap leads to from an input; and how far a tap leads back from there.
fn outputAt(input: Place) -> Spot {
  let at = vec3i(input.at) + ofPhase(phase, 4u).xyz;
  let image = i32(input.outer * p.imageSize + group * p.groupSize);
  if (IS_LISTED) {
    return Spot(image, at);
  }
  return Spot(image + offsetOf(at), at);
}

fn backBy(tap: Place) -> Spot {
  let plane = i32(tap.outer * p.planeSize);
  if (IS_LISTED) {
    return Spot(plane, vec3i(i32(tap.at.x * p.places), 0, 0));
  }
  let at = -vec3i(tap.at * dilation());
  return Spot(plane + offsetOf(at), at);
}

// Beyond the end the last is repeated.
fn inputPlace(n: u32) -> Place {
  return placeOf(min(n, lengthN(phase) - 1u), inputsAxes());
}

fn columnsB(n: u32) -> ColumnsB {
  return four(
    outputAt(inputPlace(n)),
    outputAt(inputPlace(n + 1u)),
    outputAt(inputPlace(n + 2u)),
    outputAt(inputPlace(n + 3u)),
  );
}

fn loadB(columns: ColumnsB, k: u32, tap0: Walk) -> mat4x4f {
  let tap1 = after(tap0);
  let tap2 = after(tap1);
  let tap3 = after(tap2);
  let length = lengthK(phase);
  return mat4x4f(
    gather(columns, backBy(tap0), k < length),
    gather(columns, backBy(tap1), k + 1u < length),
    gather(columns, backBy(tap2), k + 2u < length),
    gather(columns, backBy(tap3), k + 3u < length),
  );
}

fn columnsC(n: u32) -> vec4u {
  return vec4u(
    inputAt(inputPlace(n)),
    inputAt(inputPlace(n + 1u)),
    inputAt(inputPlace(n + 2u)),
    inputAt(inputPlace(n + 3u)),
  );
}

fn inputAt(input: Place) -> u32 {
  let at = vec3u(ofPhase(phase, 5u).xyz) + input.at * stride();
  let inPlane = (at.x * p.places1 + at.y) * p.places2 + at.z;
  return input.outer * p.groups * p.m * p.places + inPlane;
}

fn rowC(m: u32) -> u32 {
  return (group * p.m + m) * p.places;
}

fn channelOf(m: u32, n: u32) -> u32 {
  return 0u;
}
