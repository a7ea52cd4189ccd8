import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { mpirun } from "./mpi.ts";

const program = fileURLToPath(new URL("train-in-ranks.mjs", import.meta.url));

/** One training, and what came of it. */
export interface RankRun {
  /** A solver's prototxt, its net within. */
  readonly solver: string;
  readonly engine: "reference" | "native" | "webgpu";
  readonly iterations: number;
  /** What gradients are on their way; "float32" by default. */
  readonly wire?: "bf16";
}
export interface RankResult {
  /** Of gradients that one rank has sent. */
  readonly bytes: number;
  readonly losses: readonly number[];
  /** Of each blob of the net's layers; of a large one some. */
  readonly weights: readonly (readonly number[])[];
}

/** Trains solvers one after the other, in so many ranks; of one there is no mpirun. */
export function trainInRanks(
  folder: string,
  ranks: number,
  runs: readonly RankRun[],
): RankResult[] {
  const [given, results] = [join(folder, "runs.json"), join(folder, `results-${ranks}.json`)];
  writeFileSync(given, JSON.stringify(runs));
  const args = [program, given, results];
  const { status, stderr } =
    ranks === 1 ? spawnSync(process.execPath, args, { encoding: "utf8" }) : mpirun(ranks, args);
  expect(status, stderr).toBe(0);
  return JSON.parse(readFileSync(results, "utf8")) as RankResult[];
}

/** That weights are the same up to rounding. */
export function expectSame(others: readonly RankResult[], ones: readonly RankResult[]): void {
  expect(others).toHaveLength(ones.length);
  for (const [i, { losses, weights }] of ones.entries()) {
    const other = others[i] as RankResult;
    expect(losses.at(-1)).not.toBe(losses[0]);
    for (const [k, loss] of losses.entries()) expect(other.losses[k]).toBeCloseTo(loss, 5);
    for (const [p, blob] of weights.entries()) {
      const scale = Math.max(...blob.map(Math.abs));
      const errors = blob.map((weight, k) =>
        Math.abs(weight - (other.weights[p]?.[k] ?? Number.NaN)),
      );
      expect(Math.max(...errors) / scale, `run ${i}, parameter ${p}`).toBeLessThan(1e-5);
    }
  }
}
