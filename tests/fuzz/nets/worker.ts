import "../../../scripts/software-gpu.ts";
import type { Engines } from "../../../src/engines/choose.ts";
import { createEngines } from "../../../src/engines/create.ts";
import { openGpu } from "../../../src/engines/webgpu/device.ts";
import { checkCase, type Finding, waysOf } from "./check-case.ts";
import type { FuzzCase } from "./fuzz-case.ts";

/** What the worker is asked: to check a case in all ways, or in one. */
export interface Request {
  readonly fuzzCase: FuzzCase;
  readonly only?: string | undefined;
}

/** What it answers: each way as it begins, and at the end what was found, if anything. */
export type Answer =
  | { readonly isReady: true }
  | { readonly begins: string }
  | { readonly finding: Finding | undefined };

/** A process of its own, so that one that crashes or hangs says which net did it. Its arguments name the engines. */
const engines = new Map<string, Engines>();
for (const name of process.argv.slice(2)) {
  const gpu = name === "webgpu" ? await openGpu() : undefined;
  engines.set(name, createEngines({ prefer: name, threads: 2, ...(gpu && { gpu }) }));
}
const ways = waysOf(engines);

const answer = (message: Answer): void => {
  process.send?.(message);
};

process.on("message", async ({ fuzzCase, only }: Request) => {
  const finding = await checkCase(fuzzCase, ways, only, (begins) => answer({ begins })).catch(
    (error: Error): Finding => ({ way: "the fuzzer", what: "error", text: error.stack ?? "" }),
  );
  answer({ finding });
});
process.on("disconnect", () => process.exit());
answer({ isReady: true });
