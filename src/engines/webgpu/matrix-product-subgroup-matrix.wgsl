// For GPUs that multiply matrices in one instruction of a subgroup: tiles of halves in workgroup memory, multiplied block by block, sums in
// float32. A file in front says what blocks there are (Left, Right and Sums of BLOCK_M × BLOCK_K, BLOCK_K × BLOCK_N and BLOCK_M × BLOCK_N),
// since types take no override.
const DEPTH = 16u;
override A_ALONG_K = true;
override B_ALONG_K = false;
// Invocations, in a row: a whole number of the largest subgroups, one for each of WORKERS strips of the tile.
override INVOCATIONS = 128u;

const SIDE = 64u;
// Strips of a worker, and blocks of a strip.
const STRIPS = SIDE / BLOCK_M / WORKERS;
const BLOCKS = SIDE / BLOCK_N;

var<workgroup> tileA: array<f16, DEPTH * SIDE>;
var<workgroup> tileB: array<f16, DEPTH * SIDE>;
// A block of each worker, on its way out.
var<workgroup> way: array<f32, WORKERS * BLOCK_M * BLOCK_N>;

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_id) worker: u32,
) {
  let share = shareOf(workgroup, grid, SIDE, SIDE);
  if (!share.exists) {
    return;
  }
  var sums: array<array<Sums, BLOCKS>, STRIPS>;
  for (var next = share.begin; next < share.end; next += DEPTH) {
    for (var i = index; i < SIDE * DEPTH / 16u; i += INVOCATIONS) {
      let across = vec2u(i % (SIDE / 4u), i / (SIDE / 4u));
      let along = vec2u(i / (DEPTH / 4u), i % (DEPTH / 4u));
      let ownA = select(across, along, A_ALONG_K);
      let ownB = select(across, along, B_ALONG_K);
      let kA = next + 4u * ownA.y;
      let kB = next + 4u * ownB.y;
      stageA(4u * ownA.y * SIDE + 4u * ownA.x, blockA(share.m0 + 4u * ownA.x, kA, walkTo(kA)));
      stageB(4u * ownB.y * SIDE + 4u * ownB.x, loadB(columnsB(share.n0 + 4u * ownB.x), kB, walkTo(kB)));
    }
    workgroupBarrier();
    if (worker < WORKERS) {
      for (var k = 0u; k < DEPTH; k += BLOCK_K) {
        for (var s = 0u; s < STRIPS; s++) {
          let top = (worker * STRIPS + s) * BLOCK_M;
          let left = subgroupMatrixLoad<Left, col_major>(&tileA, k * SIDE + top, SIDE);
          for (var b = 0u; b < BLOCKS; b++) {
            let right = subgroupMatrixLoad<Right, row_major>(&tileB, k * SIDE + b * BLOCK_N, SIDE);
            sums[s][b] = subgroupMatrixMultiplyAccumulate(left, right, sums[s][b]);
          }
        }
      }
    }
    workgroupBarrier();
  }
  for (var s = 0u; s < STRIPS; s++) {
    for (var b = 0u; b < BLOCKS; b++) {
      if (worker < WORKERS) {
        subgroupMatrixStore<row_major>(&way, worker * BLOCK_M * BLOCK_N, sums[s][b], BLOCK_N);
      }
      workgroupBarrier();
      for (var i = index; i < WORKERS * BLOCK_M * BLOCK_N / 16u; i += INVOCATIONS) {
        let inBlock = i % (BLOCK_M * BLOCK_N / 16u);
        let strip = i / (BLOCK_M * BLOCK_N / 16u);
        let y = 4u * (inBlock / (BLOCK_N / 4u));
        let x = 4u * (inBlock % (BLOCK_N / 4u));
        let at = strip * BLOCK_M * BLOCK_N + y * BLOCK_N + x;
        let rows = mat4x4f(rowOf(at), rowOf(at + BLOCK_N), rowOf(at + 2u * BLOCK_N), rowOf(at + 3u * BLOCK_N));
        storeBlock(share.m0 + (strip * STRIPS + s) * BLOCK_M + y, share.n0 + b * BLOCK_N + x, rows);
      }
      workgroupBarrier();
    }
  }
}

fn stageA(to: u32, block: mat4x4f) {
  stageRowA(to, block[0]);
  stageRowA(to + SIDE, block[1]);
  stageRowA(to + 2u * SIDE, block[2]);
  stageRowA(to + 3u * SIDE, block[3]);
}

fn stageRowA(to: u32, row: vec4f) {
  tileA[to] = f16(row.x);
  tileA[to + 1u] = f16(row.y);
  tileA[to + 2u] = f16(row.z);
  tileA[to + 3u] = f16(row.w);
}

fn stageB(to: u32, block: mat4x4f) {
  stageRowB(to, block[0]);
  stageRowB(to + SIDE, block[1]);
  stageRowB(to + 2u * SIDE, block[2]);
  stageRowB(to + 3u * SIDE, block[3]);
}

fn stageRowB(to: u32, row: vec4f) {
  tileB[to] = f16(row.x);
  tileB[to + 1u] = f16(row.y);
  tileB[to + 2u] = f16(row.z);
  tileB[to + 3u] = f16(row.w);
}

fn rowOf(at: u32) -> vec4f {
  return vec4f(way[at], way[at + 1u], way[at + 2u], way[at + 3u]);
}
