// As matrix-product-direct.wgsl, where four invocations can tell each other what they loaded: the four of a quad have
// the same rows of A, and each loads one of them.
enable subgroups;
requires subgroup_id;

@compute @workgroup_size(COLUMNS, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_size) size: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let share = shareOf(workgroup, grid, 4u * ROWS, 4u * COLUMNS);
  if (!share.exists) {
    return;
  }
  // By lanes, so that the four are a quad however the adapter deals invocations out.
  let index = subgroup * size + lane;
  let m = share.m0 + 4u * (index / COLUMNS);
  let n = share.n0 + 4u * (index % COLUMNS);
  let own = rowA(m + lane % 4u);
  let columns = columnsB(n);
  var walk = walkTo(share.begin);
  let step = walkTo(4u);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = share.begin; k < share.end; k += 4u) {
    let a = loadA(own, k, walk);
    let b = loadB(columns, k, walk);
    sum0 += b * quadBroadcast(a, 0u);
    sum1 += b * quadBroadcast(a, 1u);
    sum2 += b * quadBroadcast(a, 2u);
    sum3 += b * quadBroadcast(a, 3u);
    walk = walkOn(walk, step);
  }
  storeBlock(m, n, mat4x4f(sum0, sum1, sum2, sum3));
}
