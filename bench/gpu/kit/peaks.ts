import type { Gpu } from "../../../src/engines/webgpu/gpu.ts";
import { subgroupMatrixHead } from "../../../src/engines/webgpu/subgroup-matrices.ts";

/** What the GPU reaches where it does nothing else: products are held against that, since WebGPU tells no card's own figures. */
export interface Peaks {
  /** GFLOP/s of chains of fused multiplications and additions in registers. */
  readonly f32: number;
  /** GB/s of a copy, reads and writes together. */
  readonly copy: number;
  /** The same of halves, where the adapter has such: one by one, and in blocks that a subgroup multiplies, added up in float32. */
  f16?: number;
  blocks?: number;
}

const [GROUP, ROUNDS, CHAINS] = [256, 512, 8];
/** Bytes of each side of a copy: beyond any cache. */
const COPIED = 2 ** 27;
/** The quickest of so many. */
const TRIES = 4;
/** Of a workgroup's chains in registers. */
const OPERATIONS = GROUP * ROUNDS * CHAINS * 4 * 2;
/** What is multiplied by. */
const PARAMS = new Uint32Array(new Float32Array([0.999]).buffer);

const chains = Array.from({ length: CHAINS }, (_, i) => i);
const arrays = `
struct Params { by: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> given: array<vec4f>;`;

const registers = (type: "f32" | "f16"): string => `${type === "f16" ? "enable f16;" : ""}${arrays}
@group(0) @binding(2) var<storage, read_write> result: array<vec4f>;

@compute @workgroup_size(${GROUP})
fn multiply(@builtin(global_invocation_id) id: vec3u) {
  let by = vec4<${type}>(${type}(params.by));
  ${chains.map((i) => `var x${i} = vec4<${type}>(${type}(id.x % 64u + ${i}u));`).join("\n  ")}
  for (var round = 0u; round < ${ROUNDS}u; round++) {
    ${chains.map((i) => `x${i} = fma(x${i}, by, vec4<${type}>(0.5));`).join("\n    ")}
  }
  result[id.x] = vec4f(${chains.map((i) => `x${i}`).join(" + ")});
}

@compute @workgroup_size(${GROUP})
fn copy(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&given); i += groups.x * ${GROUP}u) { result[i] = given[i]; }
}`;

/** Sums of so many blocks that a subgroup has under way. */
const BLOCKS = 4;

const blocks = (head: string, invocations: number): string => `${head}${arrays}
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
const SIZE = max(BLOCK_M, BLOCK_N) * BLOCK_K;
var<workgroup> tile: array<f16, SIZE>;

@compute @workgroup_size(${invocations})
fn multiply(@builtin(local_invocation_index) index: u32, @builtin(subgroup_id) worker: u32) {
  for (var i = index; i < SIZE; i += ${invocations}u) { tile[i] = f16(params.by); }
  workgroupBarrier();
  if (worker < WORKERS) {
    let left = subgroupMatrixLoad<Left, col_major>(&tile, 0u, BLOCK_M);
    let right = subgroupMatrixLoad<Right, row_major>(&tile, 0u, BLOCK_N);
    var sums: array<Sums, ${BLOCKS}>;
    for (var round = 0u; round < ${ROUNDS}u; round++) {
      for (var i = 0u; i < ${BLOCKS}u; i++) { sums[i] = subgroupMatrixMultiplyAccumulate(left, right, sums[i]); }
    }
    for (var i = 0u; i < ${BLOCKS}u; i++) {
      subgroupMatrixStore<row_major>(&result, (worker * ${BLOCKS}u + i) * BLOCK_M * BLOCK_N, sums[i], BLOCK_N);
    }
  }
}`;

/** Measures floats and a copy. */
export async function peaksOf(gpu: Gpu): Promise<Peaks> {
  const bytes = gpu.adapter.isSoftware ? COPIED / 16 : COPIED;
  const [from, to] = [gpu.pool.take(bytes, "peaks"), gpu.pool.take(bytes, "peaks")];
  const copy = gpu.kernel(
    { name: "copy", code: registers("f32"), entry: "copy", arrays: "rw" },
    "",
  );
  const groups = Math.min(groupsOn(gpu), 4096);
  const seconds = await quickest(gpu, (told) => copy.run([from, to], PARAMS, groups, 1, 1, told));
  gpu.pool.give(from);
  gpu.pool.give(to);
  const f32 = await rate(gpu, registers("f32"), OPERATIONS);
  return { f32, copy: (2 * bytes) / seconds / 1e9 };
}

/** Measures halves, on a GPU that is opened for them. */
export async function halfPeaksOf(gpu: Gpu): Promise<Pick<Peaks, "f16" | "blocks">> {
  const f16 = await rate(gpu, registers("f16"), OPERATIONS);
  const { matrices } = gpu;
  if (!matrices) return { f16 };
  const { code, invocations } = subgroupMatrixHead(matrices);
  const { m, n, k, subgroup } = matrices;
  const operations = (invocations / subgroup) * ROUNDS * BLOCKS * m * n * k * 2;
  return { f16, blocks: await rate(gpu, blocks(code, invocations), operations) };
}

/** GFLOP/s of a kernel whose workgroups make so many operations each. */
async function rate(gpu: Gpu, code: string, operations: number): Promise<number> {
  const groups = groupsOn(gpu);
  const to = gpu.pool.take(groups * GROUP * 16, "peaks");
  const multiply = gpu.kernel({ name: "peak", code, entry: "multiply", arrays: ".w" }, "");
  const seconds = await quickest(gpu, (told) => multiply.run([to], PARAMS, groups, 1, 1, told));
  gpu.pool.give(to);
  return (groups * operations) / seconds / 1e9;
}

function groupsOn({ adapter }: Gpu): number {
  return adapter.isSoftware ? 64 : 16_384;
}

/** Seconds of the quickest run, by the GPU's clock where it has one; the first of all compiles. */
async function quickest(gpu: Gpu, run: (told: (ms: number) => void) => void): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i <= TRIES; i++) {
    const begin = performance.now();
    const lap = new Promise<number>((told) => run(told));
    await gpu.finish();
    times.push(gpu.canTime ? await lap : performance.now() - begin);
  }
  return Math.min(...times.slice(1)) / 1e3;
}
