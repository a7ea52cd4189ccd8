import { describe } from "vitest";
import { openGpu } from "../../../src/engines/webgpu/device.ts";
import type { Gpu } from "../../../src/engines/webgpu/gpu.ts";
import { gpu } from "../../support/engines.ts";

/** The tests' GPU; only called within `describeGpu`. */
export function theGpu(): Gpu {
  if (!gpu) throw new Error("there is no GPU");
  return gpu;
}

/** Runs tests that need a GPU; reported as skipped where there is none. */
export function describeGpu(title: string, body: () => void): void {
  describe.skipIf(!gpu)(gpu ? title : `${title}: this machine has no WebGPU adapter`, body);
}

/** A GPU of a test's own, that may break; closed afterwards. */
export async function withGpu(
  choice: Parameters<typeof openGpu>[0],
  work: (own: Gpu) => Promise<void>,
): Promise<void> {
  const own = await openGpu(choice);
  try {
    await work(own);
  } finally {
    own.close();
  }
}
