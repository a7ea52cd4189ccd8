// Elements that move from one array to another: blocks side by side, boxes, repetitions, picked rows.
struct Params {
  count: u32,
  // concat: elements of a block in the smaller array, of one in the larger, and where the smaller begins there.
  // tile: copies, elements of a block. gather: rows, elements of a row. scatter: rows that are picked, elements of a row.
  a: u32,
  b: u32,
  c: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<E1>;
@group(0) @binding(2) var<storage, read_write> y: array<E2>;
// gather: (picks). crop: for each axis its length in the whole, its length in the box, the offset, and 0. permute: for each
// axis of the result its length, the step along it in x, 0 and 0. scatter: for each row that is picked its number, where its
// picks begin, how many there are, and 0; behind them the picks, four to a vector
@group(0) @binding(3) var<storage, read> index: array<f32>;
@group(0) @binding(4) var<storage, read> axes: array<vec4u>;

// The larger array's element that belongs to element i of the smaller.
fn besideOthers(i: u32) -> u32 {
  return i / p.a * p.b + p.c + i % p.a;
}

@compute @workgroup_size(256)
fn join(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[besideOthers(i)] = E2(f32(x[i]));
  }
}

@compute @workgroup_size(256)
fn cut(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E2(f32(x[besideOthers(i)]));
  }
}

// The whole's element that belongs to element i of the box.
fn inWhole(i: u32) -> u32 {
  var rest = i;
  var at = 0u;
  var step = 1u;
  for (var a = i32(p.a) - 1; a >= 0; a--) {
    let axis = axes[a];
    at += (rest % axis.y + axis.z) * step;
    step *= axis.x;
    rest /= axis.y;
  }
  return at;
}

@compute @workgroup_size(256)
fn crop(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E2(f32(x[inWhole(i)]));
  }
}

@compute @workgroup_size(256)
fn uncrop(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[inWhole(i)] = E2(f32(x[i]));
  }
}

// x's element that belongs to element i of the array whose axes stand in another order.
fn inOrder(i: u32) -> u32 {
  var rest = i;
  var at = 0u;
  for (var a = i32(p.a) - 1; a >= 0; a--) {
    let axis = axes[a];
    at += rest % axis.x * axis.y;
    rest /= axis.x;
  }
  return at;
}

@compute @workgroup_size(256)
fn permute(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E2(f32(x[inOrder(i)]));
  }
}

@compute @workgroup_size(256)
fn unpermute(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[inOrder(i)] = E2(f32(x[i]));
  }
}

@compute @workgroup_size(256)
fn tile(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    y[i] = E2(f32(x[i / (p.a * p.b) * p.b + i % p.b]));
  }
}

@compute @workgroup_size(256)
fn untile(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let first = i / p.b * p.a * p.b + i % p.b;
    var sum = 0.0;
    for (var t = 0u; t < p.a; t++) {
      sum += f32(x[first + t * p.b]);
    }
    y[i] = E2(sum);
  }
}

// NaN where there is no row of that number.
@compute @workgroup_size(256)
fn gather(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let row = index[i / p.b];
    if (isPlace(row, p.a)) {
      y[i] = E2(f32(x[u32(row) * p.b + i % p.b]));
    } else {
      y[i] = E2(nanOf(row));
    }
  }
}

// Each row that is picked adds up its picks, in their order.
@compute @workgroup_size(256)
fn scatter(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let row = axes[i / p.b];
    var sum = 0.0;
    for (var j = row.y; j < row.y + row.z; j++) {
      sum += f32(x[axes[p.a + j / 4u][j % 4u] * p.b + i % p.b]);
    }
    y[row.x * p.b + i % p.b] = E2(f32(y[row.x * p.b + i % p.b]) + sum);
  }
}
