import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { upgradeNet, upgradeSolver } from "../../src/io/upgrade/upgrade.ts";
import type { Comparison } from "./comparison.ts";
import type { GoldenCase, ToolInfo } from "./golden-case.ts";

/** Runs a case of kind "tool": what the upgrade tools make of a prototxt. */
export function runToolCase({ folder, info }: GoldenCase<ToolInfo>, check: Comparison): void {
  const read = <K extends "NetParameter" | "SolverParameter">(name: K, file: string) =>
    parsePrototxt(name, readFileSync(join(folder, file), "utf8"), file);
  const { input, output } = info;
  const [got, want] = JSON.stringify(info.commands).includes("upgrade_solver")
    ? [
        upgradeSolver(read("SolverParameter", input), input, () => {}),
        read("SolverParameter", output),
      ]
    : [upgradeNet(read("NetParameter", input), input, () => {}), read("NetParameter", output)];
  check.equal("upgraded", canonical(got), canonical(want));
}

/** The same value with the keys of every object sorted, without empty lists, and float32 numbers. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, canonical(inner)]),
    );
  }
  return typeof value === "number" ? Math.fround(value) : value;
}
