// One step of a parameter w by its gradient g; rule() is made from the update rule's statements:
//
//   g ← scale·g + decay·r(w);  g ← rule(g, history);  w ← w − g
//
// and where decay is decoupled from the gradient it is added behind the rule, by rate · decay.
struct Params {
  numbers: vec4f,
  rate: f32,
  gradientScale: f32,
  decay: f32,
  count: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// One more factor on the gradient, (1).
@group(0) @binding(1) var<storage, read> clipping: array<f32>;
// One more factor on the rate, (1).
@group(0) @binding(2) var<storage, read> rateFactor: array<f32>;
// All (count).
@group(0) @binding(3) var<storage, read_write> w: array<f32>;
@group(0) @binding(4) var<storage, read_write> g: array<f32>;
@group(0) @binding(5) var<storage, read_write> first: array<f32>;
@group(0) @binding(6) var<storage, read_write> second: array<f32>;

// r(w) is the sign of w rather than w.
override IS_L1 = false;
override IS_DECOUPLED = false;
override IS_CLIPPED = false;
override IS_LOCAL = false;

// (g, first, second) after the step of element i.
fn stepOf(i: u32, history: vec2f) -> vec3f {
  let penalty = select(w[i], signOf(w[i]), IS_L1);
  var gradient = p.gradientScale * g[i];
  if (IS_CLIPPED) {
    gradient *= clipping[0];
  }
  if (!IS_DECOUPLED) {
    gradient += p.decay * penalty;
  }
  var rate = p.rate;
  if (IS_LOCAL) {
    rate *= rateFactor[0];
  }
  var element = rule(vec3f(gradient, history), rate);
  if (IS_DECOUPLED) {
    element.x += rate * p.decay * penalty;
  }
  return element;
}

@compute @workgroup_size(256)
fn oneHistory(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let element = stepOf(i, vec2f(first[i], 0.0));
    g[i] = element.x;
    w[i] -= element.x;
    first[i] = element.y;
  }
}

@compute @workgroup_size(256)
fn twoHistories(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let element = stepOf(i, vec2f(first[i], second[i]));
    g[i] = element.x;
    w[i] -= element.x;
    first[i] = element.y;
    second[i] = element.z;
  }
}
