// For adapters that compute on a CPU, where workgroup memory is memory like any other and a barrier costs more than
// what it saves: each invocation makes 4 × 4 elements of what it loads itself.
@compute @workgroup_size(COLUMNS, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) at: vec3u,
) {
  let share = shareOf(workgroup, grid, 4u * ROWS, 4u * COLUMNS);
  if (!share.exists) {
    return;
  }
  let m = share.m0 + 4u * at.y;
  let n = share.n0 + 4u * at.x;
  let row0 = rowA(m);
  let row1 = rowA(m + 1u);
  let row2 = rowA(m + 2u);
  let row3 = rowA(m + 3u);
  let columns = columnsB(n);
  var walk = walkTo(share.begin);
  let step = walkTo(4u);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = share.begin; k < share.end; k += 4u) {
    let b = loadB(columns, k, walk);
    sum0 += b * loadA(row0, k, walk);
    sum1 += b * loadA(row1, k, walk);
    sum2 += b * loadA(row2, k, walk);
    sum3 += b * loadA(row3, k, walk);
    walk = walkOn(walk, step);
  }
  storeBlock(m, n, mat4x4f(sum0, sum1, sum2, sum3));
}
