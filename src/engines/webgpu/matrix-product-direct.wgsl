// For adapters that compute on a CPU, where workgroup memory is memory like any other and a barrier costs more than
// what it saves: each invocation loads its rows and columns itself.
@compute @workgroup_size(COLUMNS, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) at: vec3u,
) {
  let tile = workgroup.x + workgroup.y * grid.x;
  if (tile >= p.tiles) {
    return;
  }
  group = workgroup.z % p.groups;
  slice = workgroup.z / p.groups;
  let m = (tile % p.tilesM) * TILE_M + at.y;
  let n = (tile / p.tilesM) * TILE_N + at.x;
  let begin = slice * p.sliceK;
  let end = min(p.k, begin + p.sliceK);
  let a0 = rowA(m);
  let a1 = rowA(m + ROWS);
  let a2 = rowA(m + 2u * ROWS);
  let a3 = rowA(m + 3u * ROWS);
  let b0 = columnB(n);
  let b1 = columnB(n + COLUMNS);
  let b2 = columnB(n + 2u * COLUMNS);
  let b3 = columnB(n + 3u * COLUMNS);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = begin; k < end; k += 4u) {
    let v0 = loadB(b0, k);
    let v1 = loadB(b1, k);
    let v2 = loadB(b2, k);
    let v3 = loadB(b3, k);
    sum0 += dots(loadA(a0, k), v0, v1, v2, v3);
    sum1 += dots(loadA(a1, k), v0, v1, v2, v3);
    sum2 += dots(loadA(a2, k), v0, v1, v2, v3);
    sum3 += dots(loadA(a3, k), v0, v1, v2, v3);
  }
  storeRow(m, n, sum0);
  storeRow(m + ROWS, n, sum1);
  storeRow(m + 2u * ROWS, n, sum2);
  storeRow(m + 3u * ROWS, n, sum3);
}
