// For GPUs: 16 of K at a time, rows of A and columns of B are staged in workgroup memory as vectors along K, so that
// each is loaded once for a tile. A file in front says as what (staged-f32 or staged-f16).

// Whether neighbours in memory are neighbours along K, so that neighbouring invocations should be, too.
override A_ALONG_K = true;
override B_ALONG_K = false;

const DEPTH = 4u;
// One more than the tile, so that a column of vectors is spread over the banks.
override PITCH_A = TILE_M + 1u;
override PITCH_B = TILE_N + 1u;

var<workgroup> tileA: array<Staged, DEPTH * PITCH_A>;
var<workgroup> tileB: array<Staged, DEPTH * PITCH_B>;

@compute @workgroup_size(COLUMNS, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let tile = workgroup.x + workgroup.y * grid.x;
  if (tile >= p.tiles) {
    return;
  }
  group = workgroup.z % p.groups;
  slice = workgroup.z / p.groups;
  let m0 = (tile % p.tilesM) * TILE_M;
  let n0 = (tile / p.tilesM) * TILE_N;
  let begin = (workgroup.z / p.groups) * p.sliceK;
  let end = min(p.k, begin + p.sliceK);
  // Across K, an invocation stays with its row and its column.
  let ownA = rowA(m0 + index % TILE_M);
  let ownB = columnB(n0 + index % TILE_N);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = begin; k < end; k += 4u * DEPTH) {
    for (var i = index; i < DEPTH * TILE_M; i += ROWS * COLUMNS) {
      if (A_ALONG_K) {
        let d = i % DEPTH;
        tileA[d * PITCH_A + i / DEPTH] = Staged(loadA(rowA(m0 + i / DEPTH), k + 4u * d));
      } else {
        let d = i / TILE_M;
        tileA[d * PITCH_A + i % TILE_M] = Staged(loadA(ownA, k + 4u * d));
      }
    }
    for (var i = index; i < DEPTH * TILE_N; i += ROWS * COLUMNS) {
      if (B_ALONG_K) {
        let d = i % DEPTH;
        tileB[d * PITCH_B + i / DEPTH] = Staged(loadB(columnB(n0 + i / DEPTH), k + 4u * d));
      } else {
        let d = i / TILE_N;
        tileB[d * PITCH_B + i % TILE_N] = Staged(loadB(ownB, k + 4u * d));
      }
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let a = d * PITCH_A + at.y;
      let b = d * PITCH_B + at.x;
      let b0 = vec4f(tileB[b]);
      let b1 = vec4f(tileB[b + COLUMNS]);
      let b2 = vec4f(tileB[b + 2u * COLUMNS]);
      let b3 = vec4f(tileB[b + 3u * COLUMNS]);
      sum0 += dots(vec4f(tileA[a]), b0, b1, b2, b3);
      sum1 += dots(vec4f(tileA[a + ROWS]), b0, b1, b2, b3);
      sum2 += dots(vec4f(tileA[a + 2u * ROWS]), b0, b1, b2, b3);
      sum3 += dots(vec4f(tileA[a + 3u * ROWS]), b0, b1, b2, b3);
    }
    workgroupBarrier();
  }
  storeRow(m0 + at.y, n0 + at.x, sum0);
  storeRow(m0 + at.y + ROWS, n0 + at.x, sum1);
  storeRow(m0 + at.y + 2u * ROWS, n0 + at.x, sum2);
  storeRow(m0 + at.y + 3u * ROWS, n0 + at.x, sum3);
}
