import type { Gpu } from "../../../src/engines/webgpu/gpu.ts";

/** What the GPU reaches where it does nothing else: products are held against that, since WebGPU tells no card's own figures. */
export interface Peaks {
  /** GFLOP/s of chains of fused multiplications and additions in registers. */
  readonly f32: number;
  /** GB/s of a copy, reads and writes together. */
  readonly copy: number;
}

const [GROUP, ROUNDS, CHAINS] = [256, 512, 8];
/** Bytes of each side of a copy: beyond any cache. */
const COPIED = 2 ** 27;
/** The quickest of so many. */
const TRIES = 4;

const chains = Array.from({ length: CHAINS }, (_, i) => i);
const code = `
struct Params { by: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> given: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4f>;

@compute @workgroup_size(${GROUP})
fn multiply(@builtin(global_invocation_id) id: vec3u) {
  ${chains.map((i) => `var x${i} = vec4f(f32(id.x + ${i}u));`).join("\n  ")}
  for (var round = 0u; round < ${ROUNDS}u; round++) {
    ${chains.map((i) => `x${i} = fma(x${i}, vec4f(params.by), vec4f(0.5));`).join("\n    ")}
  }
  result[id.x] = ${chains.map((i) => `x${i}`).join(" + ")};
}

@compute @workgroup_size(${GROUP})
fn copy(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&given); i += groups.x * ${GROUP}u) { result[i] = given[i]; }
}`;

/** Measures both. */
export async function peaksOf(gpu: Gpu): Promise<Peaks> {
  const { isSoftware } = gpu.adapter;
  const bytes = isSoftware ? COPIED / 16 : COPIED;
  const groups = isSoftware ? 64 : 16_384;
  const [from, to] = [gpu.pool.take(bytes, "peaks"), gpu.pool.take(bytes, "peaks")];
  const params = new Uint32Array(new Float32Array([0.999]).buffer);
  const multiply = gpu.kernel({ name: "peak", code, entry: "multiply", arrays: ".w" }, "");
  const copy = gpu.kernel({ name: "copy", code, entry: "copy", arrays: "rw" }, "");
  const quickest = async (run: () => void): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i <= TRIES; i++) {
      const begin = performance.now();
      run();
      await gpu.finish();
      times.push(performance.now() - begin);
    }
    // The first compiles.
    return Math.min(...times.slice(1)) / 1e3;
  };
  const operations = groups * GROUP * ROUNDS * CHAINS * 4 * 2;
  const multiplied = await quickest(() => multiply.run([to], params, groups));
  const copied = await quickest(() => copy.run([from, to], params, Math.min(groups, 4096)));
  gpu.pool.give(from);
  gpu.pool.give(to);
  return { f32: operations / multiplied / 1e9, copy: (2 * bytes) / copied / 1e9 };
}
