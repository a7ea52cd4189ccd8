// One step of a long short-term memory for every unit of every stream.
struct Params {
  batch: u32,
  hidden: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (N, D)
@group(0) @binding(1) var<storage, read> before: array<f32>;
// (N)
@group(0) @binding(2) var<storage, read> cont: array<f32>;
// forward: the gates (N, 4D), i f o g behind each other
@group(0) @binding(3) var<storage, read> gates: array<f32>;
// σ(i), σ(f), σ(o), tanh(g), kept for backward; like the gates
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
// forward: (N, D)
@group(0) @binding(5) var<storage, read_write> c: array<f32>;
@group(0) @binding(6) var<storage, read_write> h: array<f32>;
// backward: the cells and the gradients of c, h and before (N, D), and that of the gates
@group(0) @binding(7) var<storage, read> cells: array<f32>;
@group(0) @binding(8) var<storage, read> dc: array<f32>;
@group(0) @binding(9) var<storage, read> dh: array<f32>;
@group(0) @binding(10) var<storage, read_write> dBefore: array<f32>;
@group(0) @binding(11) var<storage, read_write> dGates: array<f32>;

@compute @workgroup_size(256)
fn forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var k = id.x; k < p.batch * p.hidden; k += 256u * grid.x) {
    let n = k / p.hidden;
    let at = 4u * n * p.hidden + k % p.hidden;
    let i = sigmoidOf(gates[at]);
    let f = sigmoidOf(gates[at + p.hidden]);
    let o = sigmoidOf(gates[at + 2u * p.hidden]);
    let g = tanhOf(gates[at + 3u * p.hidden]);
    var cell = i * g;
    if (cont[n] != 0.0) {
      cell += cont[n] * f * before[k];
    }
    c[k] = cell;
    h[k] = o * tanhOf(cell);
    values[at] = i;
    values[at + p.hidden] = f;
    values[at + 2u * p.hidden] = o;
    values[at + 3u * p.hidden] = g;
  }
}

@compute @workgroup_size(256)
fn backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var k = id.x; k < p.batch * p.hidden; k += 256u * grid.x) {
    let n = k / p.hidden;
    let at = 4u * n * p.hidden + k % p.hidden;
    let i = values[at];
    let f = values[at + p.hidden];
    let o = values[at + 2u * p.hidden];
    let g = values[at + 3u * p.hidden];
    let cell = tanhOf(cells[k]);
    let dCell = dc[k] + dh[k] * o * (1.0 - cell * cell);
    var passed = 0.0;
    if (cont[n] != 0.0) {
      passed = cont[n] * dCell;
    }
    dBefore[k] = passed * f;
    dGates[at] = dCell * g * i * (1.0 - i);
    dGates[at + p.hidden] = passed * before[k] * f * (1.0 - f);
    dGates[at + 2u * p.hidden] = dh[k] * cell * o * (1.0 - o);
    dGates[at + 3u * p.hidden] = dCell * i * (1.0 - g * g);
  }
}
