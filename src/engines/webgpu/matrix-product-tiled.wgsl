// For GPUs: DEPTH of K at a time, the tile's part of A and of B is staged in workgroup memory, so that each element is loaded once
// for a tile, and each invocation adds outer products to BLOCKS_M × BLOCKS_N blocks of 4 × 4 in registers. There are two of each
// stage: the next is on its way from memory while one is multiplied. A file in front says what they hold (staged-f32 or -f16).
override BLOCKS_M = 2u;
override BLOCKS_N = 2u;
override DEPTH = 8u;
// Neighbours in memory are neighbours along K, so that neighbouring invocations should be, too.
override A_ALONG_K = true;
override B_ALONG_K = false;

// Vectors of four across a tile.
override ACROSS_A = ROWS * BLOCKS_M;
override ACROSS_B = COLUMNS * BLOCKS_N;
// Blocks of 4 × 4 of a stage: an invocation loads one of A, of B, of both or of none. Those of B begin with the last.
override STAGED_A = ACROSS_A * DEPTH / 4u;
override STAGED_B = ACROSS_B * DEPTH / 4u;

var<workgroup> tileA: array<Staged, 2u * DEPTH * ACROSS_A>;
var<workgroup> tileB: array<Staged, 2u * DEPTH * ACROSS_B>;

@compute @workgroup_size(COLUMNS, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let share = shareOf(workgroup, grid, 4u * ACROSS_A, 4u * ACROSS_B);
  if (!share.exists) {
    return;
  }
  // The blocks that this invocation loads: which of the vectors across, and where along K.
  let indexB = ROWS * COLUMNS - 1u - index;
  let ownA = select(vec2u(index % ACROSS_A, index / ACROSS_A), vec2u(index / (DEPTH / 4u), index % (DEPTH / 4u)), A_ALONG_K);
  let ownB = select(vec2u(indexB % ACROSS_B, indexB / ACROSS_B), vec2u(indexB / (DEPTH / 4u), indexB % (DEPTH / 4u)), B_ALONG_K);
  let columns = columnsB(share.n0 + 4u * ownB.x);
  let step = walkTo(DEPTH);
  var walkA = walkTo(share.begin + 4u * ownA.y);
  var walkB = walkTo(share.begin + 4u * ownB.y);
  var a = mat4x4f();
  var b = mat4x4f();
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  // The stage that is multiplied. The first round only loads.
  var stage = 1u;
  for (var next = share.begin; next < share.end + DEPTH; next += DEPTH) {
    if (next < share.end) {
      if (index < STAGED_A) {
        a = blockA(share.m0 + 4u * ownA.x, next + 4u * ownA.y, walkA);
        walkA = walkOn(walkA, step);
      }
      if (indexB < STAGED_B) {
        b = loadB(columns, next + 4u * ownB.y, walkB);
        walkB = walkOn(walkB, step);
      }
    }
    if (next > share.begin) {
      for (var k = stage * DEPTH; k < (stage + 1u) * DEPTH; k++) {
        let a0 = vec4f(tileA[k * ACROSS_A + at.y]);
        let b0 = vec4f(tileB[k * ACROSS_B + at.x]);
        sum00 = withOuter(sum00, a0, b0);
        if (BLOCKS_N == 2u) {
          sum01 = withOuter(sum01, a0, vec4f(tileB[k * ACROSS_B + at.x + COLUMNS]));
        }
        if (BLOCKS_M == 2u) {
          let a1 = vec4f(tileA[k * ACROSS_A + at.y + ROWS]);
          sum10 = withOuter(sum10, a1, b0);
          if (BLOCKS_N == 2u) {
            sum11 = withOuter(sum11, a1, vec4f(tileB[k * ACROSS_B + at.x + COLUMNS]));
          }
        }
      }
    }
    stage = 1u - stage;
    if (next < share.end) {
      if (index < STAGED_A) {
        let to = (stage * DEPTH + 4u * ownA.y) * ACROSS_A + ownA.x;
        tileA[to] = Staged(a[0]);
        tileA[to + ACROSS_A] = Staged(a[1]);
        tileA[to + 2u * ACROSS_A] = Staged(a[2]);
        tileA[to + 3u * ACROSS_A] = Staged(a[3]);
      }
      if (indexB < STAGED_B) {
        let to = (stage * DEPTH + 4u * ownB.y) * ACROSS_B + ownB.x;
        tileB[to] = Staged(b[0]);
        tileB[to + ACROSS_B] = Staged(b[1]);
        tileB[to + 2u * ACROSS_B] = Staged(b[2]);
        tileB[to + 3u * ACROSS_B] = Staged(b[3]);
      }
    }
    workgroupBarrier();
  }
  let m = share.m0 + 4u * at.y;
  let n = share.n0 + 4u * at.x;
  storeBlock(m, n, sum00);
  if (BLOCKS_N == 2u) {
    storeBlock(m, n + 4u * COLUMNS, sum01);
  }
  if (BLOCKS_M == 2u) {
    storeBlock(m + 4u * ROWS, n, sum10);
    if (BLOCKS_N == 2u) {
      storeBlock(m + 4u * ROWS, n + 4u * COLUMNS, sum11);
    }
  }
}

// sums + a · bᵀ, a row for each element of a.
fn withOuter(sums: mat4x4f, a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(
    fma(vec4f(a.x), b, sums[0]),
    fma(vec4f(a.y), b, sums[1]),
    fma(vec4f(a.z), b, sums[2]),
    fma(vec4f(a.w), b, sums[3]),
  );
}
