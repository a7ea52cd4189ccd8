import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Engines } from "../../src/engines/choose.ts";
import { Comparison } from "./comparison.ts";
import { runDataCase } from "./data-case.ts";
import { runEvalCase } from "./eval-case.ts";
import { type GoldenCase, openCase } from "./golden-case.ts";
import { runNetCase } from "./net-case.ts";
import { runSolverCase } from "./solver-case.ts";
import { runToolCase } from "./tool-case.ts";

/** What cases are of: the folders that hold them. */
export const groups: readonly string[] = ["layers", "nets", "solvers", "data"];

/** How many cases ended how. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly notCompared: number;
}

/** Runs the cases of some groups below a folder; `say` takes a line for each that does not pass and for each group. */
export async function runCases(
  root: string,
  only: readonly string[],
  engines: Engines,
  say: (line: string) => void,
): Promise<Counts> {
  const counts = { passed: 0, failed: 0, notCompared: 0 };
  for (const group of only) {
    const folder = join(root, group);
    if (!existsSync(folder)) continue;
    const before = { ...counts };
    for (const name of readdirSync(folder).sort()) {
      if (!existsSync(join(folder, name, "case.json"))) continue;
      const { failures, why } = await resultOf(join(folder, name), engines);
      const [first, ...others] = failures;
      if (first === undefined && why !== undefined) {
        counts.notCompared++;
        say(`NOT COMPARED ${group}/${name}: ${why}`);
      } else if (first === undefined) counts.passed++;
      else {
        counts.failed++;
        const more = others.length > 0 ? ` (and ${others.length} more)` : "";
        say(`FAILED ${group}/${name}: ${first.slice(0, 300)}${more}`);
      }
    }
    say(
      `${group}: ${counts.passed - before.passed} passed, ${counts.failed - before.failed} failed`,
    );
  }
  return counts;
}

/** What is wrong with one case, and why it says nothing where its numbers cannot be compared. */
async function resultOf(
  folder: string,
  engines: Engines,
): Promise<{ readonly failures: readonly string[]; readonly why?: string | undefined }> {
  try {
    const golden = openCase(folder);
    const check = new Comparison(golden.info);
    await runCase(golden, engines, check);
    return { failures: check.failures, why: check.notCompared };
  } catch (error) {
    return {
      failures: [error instanceof Error ? `${error.name}: ${error.message}` : String(error)],
    };
  }
}

async function runCase(
  { info, ...files }: GoldenCase,
  engines: Engines,
  check: Comparison,
): Promise<void> {
  switch (info.kind) {
    case "layer":
    case "net":
      return runNetCase({ ...files, info }, engines, check);
    case "solver":
      return runSolverCase({ ...files, info }, engines, check);
    case "data":
      return runDataCase({ ...files, info }, engines, check);
    case "eval":
      return runEvalCase({ ...files, info }, engines, check);
    case "tool":
      return runToolCase({ ...files, info }, check);
    default:
      check.fail(`unknown kind ${(info as { kind: unknown }).kind}`);
  }
}
