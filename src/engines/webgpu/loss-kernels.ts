import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { type Scope, uniforms } from "./scope.ts";

/** Runs an entry of a loss's shader: what it reads, by what its result is multiplied, and where that goes. */
export type LossRun = (
  entry: string,
  reads: readonly SyncedMem[],
  scale: number,
  result: SyncedMem,
  groups: number,
) => void;

/** A shader of losses: its first uniform is the scale, its arrays are what it reads and, behind them, its result. */
interface LossShader {
  /** For labels and messages. */
  readonly name: string;
  readonly code: string;
  /** Uniforms behind the scale. */
  readonly floats?: readonly number[];
  readonly whole: readonly number[];
  readonly constants?: Readonly<Record<string, number>>;
  /** The index of the result among the arrays; what an entry does not read before it is left out. */
  readonly resultAt: number;
}

/** Runs the entries of a shader of losses. */
export function lossRunner(scope: Scope, shader: LossShader): LossRun {
  const { name, code, floats = [], whole, constants = {}, resultAt } = shader;
  const params = uniforms([1, ...floats], whole);
  const scales = new Float32Array(params.buffer, 0, 1);
  return (entry, reads, scale, result, groups) => {
    scales[0] = scale;
    const arrays = `${"r".repeat(reads.length).padEnd(resultAt, ".")}w`;
    const kernel = scope.summingKernel({
      name: `${name}, ${entry}`,
      code,
      entry,
      arrays,
      constants,
    });
    kernel.run([...reads.map((mem) => scope.read(mem)), scope.write(result)], params, groups);
  };
}
