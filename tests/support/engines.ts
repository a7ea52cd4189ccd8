import "../../scripts/software-gpu.ts";
import { describe } from "vitest";
import type { Engines } from "../../src/engines/choose.ts";
import { createEngines } from "../../src/engines/create.ts";
import { openGpu } from "../../src/engines/webgpu/device.ts";
import type { Gpu } from "../../src/engines/webgpu/gpu.ts";
import { silent } from "../../src/util/log.ts";

/** Engines that must be here: `REQUIRE_ENGINES=reference,wasm,native,webgpu` makes a missing one fail. */
const required = (process.env["REQUIRE_ENGINES"] ?? "").split(",");

/** The engine of plain loops alone. */
export const referenceEngines: Engines = createEngines({ prefer: "reference", log: silent });

/** The GPU that tests share; undefined where there is none. */
export const gpu: Gpu | undefined = await unlessMissing("webgpu", () => openGpu());
// Files that run one after the other in one process have it in common.
process.on("exit", () => gpu?.close());

const native = await unlessMissing("native", () =>
  createEngines({ prefer: "native", threads: 2, log: silent }),
);

const wasm = await unlessMissing("wasm", () => createEngines({ prefer: "wasm", log: silent }));

/** Every engine that this machine has, by name. */
export const availableEngines: ReadonlyMap<string, Engines> = new Map<string, Engines>([
  ["reference", referenceEngines],
  ...(wasm ? [["wasm", wasm] as const] : []),
  ...(native ? [["native", native] as const] : []),
  ...(gpu ? [["webgpu", createEngines({ gpu, log: silent })] as const] : []),
]);

async function unlessMissing<T>(name: string, make: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    if (required.includes(name)) throw error;
    return undefined;
  }
}

/** Runs the same tests on every engine; one that this machine lacks is reported as skipped. */
export function describeEngines(
  title: string,
  body: (engines: Engines, name: string) => void,
): void {
  for (const name of ["reference", "wasm", "native", "webgpu"]) {
    const engines = availableEngines.get(name);
    if (engines) describe(`${title} on ${name}`, () => body(engines, name));
    else
      describe.skip(`${title} on ${name}, which this machine lacks`, () =>
        body(referenceEngines, name));
  }
}
