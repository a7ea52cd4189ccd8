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
  let tile = workgroup.x + workgroup.y * grid.x;
  if (tile >= p.tiles) {
    return;
  }
  group = workgroup.z % p.groups;
  slice = workgroup.z / p.groups;
  // By lanes, so that the four are a quad however the adapter deals invocations out.
  let index = subgroup * size + lane;
  let m = (tile % p.tilesM) * TILE_M + index / COLUMNS;
  let n = (tile / p.tilesM) * TILE_N + index % COLUMNS;
  // Not by way of the variable, so that the loop is seen to be the same for all.
  let begin = (workgroup.z / p.groups) * p.sliceK;
  let end = min(p.k, begin + p.sliceK);
  let own = rowA(m + (lane % 4u) * ROWS);
  let b0 = columnB(n);
  let b1 = columnB(n + COLUMNS);
  let b2 = columnB(n + 2u * COLUMNS);
  let b3 = columnB(n + 3u * COLUMNS);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = begin; k < end; k += 4u) {
    let a = loadA(own, k);
    let v0 = loadB(b0, k);
    let v1 = loadB(b1, k);
    let v2 = loadB(b2, k);
    let v3 = loadB(b3, k);
    sum0 += dots(quadBroadcast(a, 0u), v0, v1, v2, v3);
    sum1 += dots(quadBroadcast(a, 1u), v0, v1, v2, v3);
    sum2 += dots(quadBroadcast(a, 2u), v0, v1, v2, v3);
    sum3 += dots(quadBroadcast(a, 3u), v0, v1, v2, v3);
  }
  storeRow(m, n, sum0);
  storeRow(m + ROWS, n, sum1);
  storeRow(m + 2u * ROWS, n, sum2);
  storeRow(m + 3u * ROWS, n, sum3);
}
