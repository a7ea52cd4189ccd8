// Maxima back to their places. Of several that go to one place the last wins, whichever invocation comes first.
struct Params {
  count: u32,
  // Positions of a small plane, and of a large one.
  plane: u32,
  size: u32,
  // The bits of NaN, which a shader may not write as a constant.
  nan: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// x, or dy
@group(0) @binding(1) var<storage, read> x: array<f32>;
// y, or dx
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
// For each place of y the position in x's plane that goes there, counted from 1; 0 where none does
@group(0) @binding(4) var<storage, read_write> winners: array<atomic<u32>>;

const WRONG = 0xffffffffu;

@compute @workgroup_size(256)
fn clear(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    atomicStore(&winners[i], 0u);
  }
}

@compute @workgroup_size(256)
fn mark(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let first = i / p.plane * p.size;
    let at = mask[i];
    if (isPlace(at, p.size)) {
      atomicMax(&winners[first + u32(at)], i % p.plane + 1u);
    } else {
      atomicMax(&winners[first], WRONG);
    }
  }
}

@compute @workgroup_size(256)
fn spread(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let winner = atomicLoad(&winners[i]);
    if (winner == 0u) {
      y[i] = 0.0;
    } else if (winner == WRONG) {
      y[i] = bitcast<f32>(p.nan);
    } else {
      y[i] = x[i / p.size * p.plane + winner - 1u];
    }
  }
}

@compute @workgroup_size(256)
fn collect(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let at = mask[i];
    if (isPlace(at, p.size)) {
      y[i] = x[i / p.plane * p.size + u32(at)];
    } else {
      y[i] = bitcast<f32>(p.nan);
    }
  }
}
