import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engines } from "../../src/engines/choose.ts";
import { readSolverParameter } from "../../src/io/text/read-net.ts";
import { Solver } from "../../src/solvers/solver.ts";
import type { Comparison } from "./comparison.ts";
import type { EvalInfo, GoldenCase } from "./golden-case.ts";

/** Runs a case of kind "eval": a solver that does no iteration tests its net, and logs a mean average precision. */
export async function runEvalCase(
  { folder, info }: GoldenCase<EvalInfo>,
  engines: Engines,
  check: Comparison,
): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "golden-"));
  cpSync(folder, work, { recursive: true });
  const file = join(work, info.solver);
  const lines: string[] = [];
  const solver = new Solver(readSolverParameter(file), {
    engines,
    file,
    root: work,
    log: (_level, _source, message) => lines.push(message),
  });
  try {
    await solver.solve();
    const wanted = info.log.map((line) => line.replace(/^.*?\] /, ""));
    const of = (line: string): string => line.replace(/[^=:]*$/, "");
    const number = (line: string): number => Number(/[^ ]*$/.exec(line)?.[0]);
    const names = new Set(wanted.map(of));
    const told = lines.filter((line) => names.has(of(line)));
    check.equal("log", told.map(of), wanted.map(of));
    const isValue = (line: string): boolean => Number.isFinite(number(line));
    check.close("logged", told.filter(isValue).map(number), wanted.filter(isValue).map(number));
    check.close("mAP", [number(told.at(-1) ?? "")], [info.mAP]);
  } finally {
    solver.close();
    rmSync(work, { recursive: true, force: true });
  }
}
