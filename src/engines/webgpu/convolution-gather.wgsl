// What the three products of a convolution share: their arrays, and how B is gathered where it lies. A place is a window's
// (outputs, and inputs in convolution-data), a tap is a kernel element of a channel; one of the two is counted by N, the
// other by K, and the element is at the sum of both.
struct Params {
  numbers: vec4f,
  m: u32,
  n: u32,
  k: u32,
  tilesM: u32,
  tiles: u32,
  sliceK: u32,
  groups: u32,
  slices: u32,
  count: u32,
  channels: u32,
  finish: u32,
  adds: u32,
  // Of what is gathered: the plane's axes, elements of a plane, of an image, and of the channels of one group.
  size0: u32,
  size1: u32,
  size2: u32,
  planeSize: u32,
  imageSize: u32,
  groupSize: u32,
  // Of places: their axes, and how many an image has.
  places0: u32,
  places1: u32,
  places2: u32,
  places: u32,
  pad0: i32,
  pad1: i32,
  pad2: i32,
  kernel0: u32,
  kernel1: u32,
  kernel2: u32,
  // From place to place, and from kernel element to kernel element, in what is gathered.
  stride0: u32,
  stride1: u32,
  stride2: u32,
  dilation0: u32,
  dilation1: u32,
  dilation2: u32,
  // convolution-data: taps of a phase are so far apart; outputs of a group.
  tapStep0: u32,
  tapStep1: u32,
  tapStep2: u32,
  outputs: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// W (O, C / groups, kernel), or dy (N, O, output)
@group(0) @binding(1) var<storage, read> a: array<E1>;
// The same in fours.
@group(0) @binding(2) var<storage, read> a4: array<vec4<E2>>;
// What is gathered: x (N, C, input), or dy
@group(0) @binding(3) var<storage, read> source: array<E3>;
@group(0) @binding(4) var<storage, read> source4: array<vec4<E4>>;
// More than three axes: of each kernel element and place the offset in a plane; -1 where there is nothing.
@group(0) @binding(5) var<storage, read> offsets: array<i32>;
// convolution-data: see phases.ts
@group(0) @binding(6) var<storage, read> phases: array<vec4i>;
// (O) or a line, see finish.wgsl
@group(0) @binding(7) var<storage, read> bias: array<f32>;
// (slices, C)
@group(0) @binding(8) var<storage, read_write> c: array<E8>;
alias C = E8;

// Some window reaches beyond the plane.
override IS_PADDED = true;
// A place's window is the place itself, and planes are whole fours.
override IS_WIDE_B = false;
// There are more than three axes: a tap and a place are numbers, and offsets say what lies there.
override IS_LISTED = false;
// Rows of A are whole fours.
override IS_WIDE_A = false;

// Where one of the two is, in the array and in the plane.
struct Spot {
  offset: i32,
  at: vec3i,
}

// Of four columns of B.
struct ColumnsB {
  offsets: vec4i,
  at0: vec4i,
  at1: vec4i,
  at2: vec4i,
}

fn four(a: Spot, b: Spot, c: Spot, d: Spot) -> ColumnsB {
  return ColumnsB(
    vec4i(a.offset, b.offset, c.offset, d.offset),
    vec4i(a.at.x, b.at.x, c.at.x, d.at.x),
    vec4i(a.at.y, b.at.y, c.at.y, d.at.y),
    vec4i(a.at.z, b.at.z, c.at.z, d.at.z),
  );
}

fn offsetOf(at: vec3i) -> i32 {
  if (IS_LISTED) {
    return 0;
  }
  return (at.x * i32(p.size1) + at.y) * i32(p.size2) + at.z;
}

// A kernel element of a channel, from its window's corner.
fn tapAt(tap: Place) -> Spot {
  if (IS_LISTED) {
    return Spot(i32(tap.outer * p.planeSize), vec3i(i32(tap.at.x * p.places), 0, 0));
  }
  let at = vec3i(tap.at * dilation());
  return Spot(i32(tap.outer * p.planeSize) + offsetOf(at), at);
}

// The corner of an output's window, in the group's channels.
fn cornerAt(place: Place) -> Spot {
  let at = vec3i(place.at * stride()) - vec3i(p.pad0, p.pad1, p.pad2);
  return Spot(i32(place.outer * p.imageSize + group * p.groupSize) + offsetOf(at), at);
}

fn kernel() -> vec3u {
  return vec3u(p.kernel0, p.kernel1, p.kernel2);
}

fn stride() -> vec3u {
  return vec3u(p.stride0, p.stride1, p.stride2);
}

fn dilation() -> vec3u {
  return vec3u(p.dilation0, p.dilation1, p.dilation2);
}

fn placesAxes() -> vec3u {
  return vec3u(p.places0, p.places1, p.places2);
}

// Four columns' elements at a place along K; 0 where it is none, or outside of the plane.
fn gather(columns: ColumnsB, spot: Spot, exists: bool) -> vec4f {
  var at = columns.offsets + spot.offset;
  if (IS_WIDE_B) {
    return select(vec4f(), vec4f(source4[select(0, at.x / 4, exists)]), exists);
  }
  var isInside = vec4<bool>(exists);
  if (IS_LISTED) {
    let listed = select(vec4i(), columns.at0 + spot.at.x, isInside);
    let offset = vec4i(offsets[listed.x], offsets[listed.y], offsets[listed.z], offsets[listed.w]);
    isInside &= offset >= vec4i();
    at += offset;
  } else if (IS_PADDED) {
    // What is below 0 is very large without a sign.
    isInside &= vec4u(columns.at0 + spot.at.x) < vec4u(p.size0);
    isInside &= vec4u(columns.at1 + spot.at.y) < vec4u(p.size1);
    isInside &= vec4u(columns.at2 + spot.at.z) < vec4u(p.size2);
  }
  at = select(vec4i(), at, isInside);
  return select(vec4f(), vec4f(vec4(source[at.x], source[at.y], source[at.z], source[at.w])), isInside);
}
