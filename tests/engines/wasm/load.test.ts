import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

interface Told {
  readonly knows: boolean;
  readonly agrees: boolean;
  readonly results: readonly number[];
}

/** Node 20 knows relaxed SIMD by a flag alone, later versions without. */
function told(...flags: readonly string[]): Told {
  const program = "tests/engines/wasm/fused-program.mjs";
  const run = spawnSync(process.execPath, [...flags, program], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  return JSON.parse(run.stdout);
}

test("a runtime with relaxed SIMD multiplies and adds at once, and agrees with the reference", () => {
  const [fused, plain] = [
    told("--experimental-wasm-relaxed-simd"),
    told("--no-experimental-wasm-relaxed-simd"),
  ];
  expect([fused.knows, fused.agrees, plain.agrees]).toEqual([true, true, true]);
  if (plain.knows) return;
  expect(fused.results).not.toEqual(plain.results);
});
