// Matrices with a stride for each axis: all three products of an inner product layer, and those between Winograd's transforms.
struct Params {
  numbers: vec4f,
  m: u32,
  n: u32,
  k: u32,
  tilesM: u32,
  tiles: u32,
  sliceK: u32,
  groups: u32,
  slices: u32,
  count: u32,
  channels: u32,
  finish: u32,
  // C is added to.
  adds: u32,
  // Steps from row to row, from column to column, and from group to group.
  strideAM: u32,
  strideAK: u32,
  strideAG: u32,
  strideBK: u32,
  strideBN: u32,
  strideBG: u32,
  strideCM: u32,
  strideCN: u32,
  strideCG: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<E1>;
// The same in fours.
@group(0) @binding(2) var<storage, read> a4: array<vec4<E2>>;
@group(0) @binding(3) var<storage, read> b: array<E3>;
@group(0) @binding(4) var<storage, read> b4: array<vec4<E4>>;
// (N) or a line, see finish.wgsl
@group(0) @binding(5) var<storage, read> bias: array<f32>;
// (slices, M, N)
@group(0) @binding(6) var<storage, read_write> c: array<E6>;
alias C = E6;

// Rows of A, or columns of B, lie along K in whole fours; or across it.
override IS_WIDE_A = false;
override IS_WIDE_B = false;
override IS_WIDE_ACROSS_A = false;
override IS_WIDE_ACROSS_B = false;

// Nothing but k itself.
alias Walk = u32;

fn lengthN(phase: u32) -> u32 {
  return p.n;
}

fn lengthK(phase: u32) -> u32 {
  return p.k;
}

fn walkTo(k: u32) -> Walk {
  return k;
}

fn walkOn(k: Walk, step: Walk) -> Walk {
  return k + step;
}

fn existing(k: u32) -> vec4<bool> {
  return vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(p.k);
}

struct RowA {
  start: u32,
}

// Rows and columns beyond the end repeat the last.
fn rowA(m: u32) -> RowA {
  return RowA(group * p.strideAG + min(m, p.m - 1u) * p.strideAM);
}

fn loadA(row: RowA, k: u32, walk: Walk) -> vec4f {
  if (IS_WIDE_A) {
    return select(vec4f(), vec4f(a4[select(0u, (row.start + k) / 4u, k < p.k)]), k < p.k);
  }
  let at = row.start + vec4u(k, k + 1u, k + 2u, k + 3u) * p.strideAK;
  let i = select(vec4u(), at, existing(k));
  return select(vec4f(), vec4f(vec4(a[i.x], a[i.y], a[i.z], a[i.w])), existing(k));
}

fn blockA(m: u32, k: u32, walk: Walk) -> mat4x4f {
  if (IS_WIDE_ACROSS_A) {
    let start = group * p.strideAG + min(m, p.m - 4u);
    let at = (start + vec4u(k, k + 1u, k + 2u, k + 3u) * p.strideAK) / 4u;
    let exists = existing(k);
    let i = select(vec4u(), at, exists);
    return mat4x4f(
      select(vec4f(), vec4f(a4[i.x]), exists.x),
      select(vec4f(), vec4f(a4[i.y]), exists.y),
      select(vec4f(), vec4f(a4[i.z]), exists.z),
      select(vec4f(), vec4f(a4[i.w]), exists.w),
    );
  }
  return transpose(mat4x4f(
    loadA(rowA(m), k, walk),
    loadA(rowA(m + 1u), k, walk),
    loadA(rowA(m + 2u), k, walk),
    loadA(rowA(m + 3u), k, walk),
  ));
}

struct ColumnsB {
  starts: vec4u,
}

fn columnsB(n: u32) -> ColumnsB {
  let columns = min(vec4u(n, n + 1u, n + 2u, n + 3u), vec4u(p.n - 1u));
  return ColumnsB(group * p.strideBG + columns * p.strideBN);
}

fn loadB(columns: ColumnsB, k: u32, walk: Walk) -> mat4x4f {
  let starts = columns.starts;
  let exists = existing(k);
  if (IS_WIDE_B) {
    if (k >= p.k) {
      return mat4x4f();
    }
    let i = (starts + k) / 4u;
    return transpose(mat4x4f(vec4f(b4[i.x]), vec4f(b4[i.y]), vec4f(b4[i.z]), vec4f(b4[i.w])));
  }
  let rows = select(vec4u(), vec4u(k, k + 1u, k + 2u, k + 3u) * p.strideBK, exists);
  return mat4x4f(
    select(vec4f(), rowB(starts + rows.x), exists.x),
    select(vec4f(), rowB(starts + rows.y), exists.y),
    select(vec4f(), rowB(starts + rows.z), exists.z),
    select(vec4f(), rowB(starts + rows.w), exists.w),
  );
}

fn rowB(at: vec4u) -> vec4f {
  if (IS_WIDE_ACROSS_B) {
    return vec4f(b4[at.x / 4u]);
  }
  return vec4f(vec4(b[at.x], b[at.y], b[at.z], b[at.w]));
}

fn columnsC(n: u32) -> vec4u {
  return vec4u(n, n + 1u, n + 2u, n + 3u) * p.strideCN;
}

fn rowC(m: u32) -> u32 {
  return group * p.strideCG + m * p.strideCM;
}

fn channelOf(m: u32, n: u32) -> u32 {
  return n;
}
