import type { Gpu } from "../../../src/engines/webgpu/gpu.ts";
import { flopsOf, type TimedNet } from "./nets.ts";

/** Steps whose kernels are measured. */
const STEPS = 3;

/** What one kernel of one layer takes in a step. */
export interface KernelTime {
  /** Layer, direction and kernel. */
  readonly name: string;
  readonly ms: number;
  /** Of a product: operations in a second, and what share that is of the rate of a loop that does nothing else. */
  readonly gflops?: number;
  readonly share?: number;
}

/** Kernels of a training step by the GPU's clock, longest first; none where it has no clock. */
export async function kernelTimes(
  { solver }: TimedNet,
  gpu: Gpu,
  peak: number,
): Promise<KernelTime[]> {
  if (!gpu.canTime) return [];
  const { net } = solver;
  gpu.startTiming(true);
  net.beforeForward.push((i) => gpu.mark(`forward ${i}`));
  net.beforeBackward.push((i) => gpu.mark(`backward ${i}`));
  const sums = new Map<string, number>();
  for (let step = 0; step < STEPS; step++) {
    await solver.step(1);
    for (const [tag, ms] of await gpu.readTimes()) sums.set(tag, (sums.get(tag) ?? 0) + ms / STEPS);
  }
  const all = [...sums].map(([tag, ms]): KernelTime => {
    const [place = "", kernel = ""] = tag.split("\t");
    const [direction, layer] = place.split(" ");
    const i = Number(layer);
    const flops = isProduct(kernel) ? flopsOf(net, i) : 0;
    const name = `${net.layerNames[i] ?? "update"} ${direction}: ${kernel}`;
    if (flops === 0 || ms === 0) return { name, ms };
    const gflops = flops / ms / 1e6;
    return { name, ms, gflops, share: gflops / peak };
  });
  return all.filter(({ ms }) => ms > 0).sort((a, b) => b.ms - a.ms);
}

/**
 * Whether a kernel does all multiplications of its layer: sums over slices and groups of them do not. Of Winograd's algorithm, which needs fewer,
 * those are counted that a direct one has.
 */
function isProduct(kernel: string): boolean {
  return (
    /^(convolution|depthwise|inner product|products of F)/.test(kernel) && !/sum|join/.test(kernel)
  );
}
