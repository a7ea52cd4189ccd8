// Two arrays at a time combined element by element; more inputs are taken in one after the other.
// f comes behind a sum.
struct Params {
  numbers: vec4f,
  alpha: f32,
  beta: f32,
  count: u32,
  // Of the input that is taken in, or whose gradient is wanted.
  number: i32,
}
@group(0) @binding(0) var<uniform> p: Params;
// All (count).
@group(0) @binding(1) var<storage, read> a: array<E1>;
@group(0) @binding(2) var<storage, read> b: array<E2>;
@group(0) @binding(3) var<storage, read_write> y: array<E3>;
// MAX: which input each element came from.
@group(0) @binding(4) var<storage, read_write> winner: array<i32>;

@compute @workgroup_size(256)
fn sum(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E3(f(p.alpha * f32(a[i]) + p.beta * f32(b[i])));
  }
}

// y = alpha · a + beta · y
@compute @workgroup_size(256)
fn axpby(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E3(f(p.alpha * f32(a[i]) + p.beta * f32(y[i])));
  }
}

@compute @workgroup_size(256)
fn scaled(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E3(f(p.alpha * f32(a[i])));
  }
}

// dx = alpha · f'(y) · dy, of an f whose gradient y alone tells
@compute @workgroup_size(256)
fn throughFunction(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E3(p.alpha * df(f32(b[i]), f32(b[i]), f32(a[i])));
  }
}

@compute @workgroup_size(256)
fn product(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E3(f32(a[i]) * f32(b[i]));
  }
}

@compute @workgroup_size(256)
fn multiplyBy(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E3(f32(y[i]) * f32(a[i]));
  }
}

// y = y · a / b
@compute @workgroup_size(256)
fn multiplyByQuotient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E3(f32(y[i]) * (f32(a[i]) / f32(b[i])));
  }
}

@compute @workgroup_size(256)
fn largest(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let isSecond = !isGreater(f32(a[i]), f32(b[i]));
    y[i] = E3(select(f32(a[i]), f32(b[i]), isSecond));
    winner[i] = select(0, 1, isSecond);
  }
}

@compute @workgroup_size(256)
fn largerOf(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    if (isGreater(f32(a[i]), f32(y[i]))) {
      y[i] = E3(f32(a[i]));
      winner[i] = p.number;
    }
  }
}

// dx = dy where this input won
@compute @workgroup_size(256)
fn whereWon(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E3(select(0.0, f32(a[i]), winner[i] == p.number));
  }
}
