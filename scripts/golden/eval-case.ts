import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engines } from "../../src/engines/choose.ts";
import { readSolverParameter } from "../../src/io/text/read-net.ts";
import { Solver } from "../../src/solvers/solver.ts";
import type { Comparison } from "./comparison.ts";
import type { EvalInfo, GoldenCase } from "./golden-case.ts";

/** The number that a line ends in. */
const VALUE = /(?<=[:=] )\S+$/;

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
    log(_level, source, message) {
      if (source === "solver") lines.push(message);
    },
  });
  try {
    await solver.solve();
    const wanted = info.log.map((line) => line.replace(/^.*?\] /, ""));
    const begin = lines.indexOf(wanted[0] ?? "");
    const told = lines.slice(begin, begin + wanted.length);
    const words = (line: string): string => line.replace(VALUE, "");
    const number = (line: string): number => Number(VALUE.exec(line)?.[0] ?? 0);
    check.equal("log", told.map(words), wanted.map(words));
    check.close("logged", told.map(number), wanted.map(number));
    check.close("mAP", [number(told.at(-1) ?? "")], [info.mAP]);
  } finally {
    solver.close();
    rmSync(work, { recursive: true, force: true });
  }
}
