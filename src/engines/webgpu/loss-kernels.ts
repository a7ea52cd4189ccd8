import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { addShares } from "./slices.ts";

/** Runs the entries of a loss's shader, with what they read and the factor of their result. */
export interface LossKernels {
  /** An entry that adds up so many terms. */
  sum(
    entry: string,
    reads: readonly SyncedMem[],
    scale: number,
    loss: SyncedMem,
    terms: number,
  ): void;
  /** An entry that makes a gradient, by so many workgroups. */
  gradient(
    entry: string,
    reads: readonly SyncedMem[],
    scale: number,
    dx: SyncedMem,
    groups: number,
  ): void;
}

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
export function lossKernels(scope: Scope, shader: LossShader): LossKernels {
  const { name, code, floats = [], whole, constants = {}, resultAt } = shader;
  const params = uniforms([1, ...floats], whole);
  const scales = new Float32Array(params.buffer, 0, 1);
  const kernel = (entry: string, reads: number) =>
    scope.summingKernel({
      name: `${name}, ${entry}`,
      code,
      entry,
      arrays: `${"r".repeat(reads).padEnd(resultAt, ".")}w`,
      constants,
    });
  return {
    sum(entry, reads, scale, loss, terms) {
      scales[0] = scale;
      const buffers = reads.map((mem) => scope.read(mem));
      addShares(scope, terms, scope.write(loss), (shares, groups) => {
        kernel(entry, reads.length).run([...buffers, shares], params, groups);
      });
    },
    gradient(entry, reads, scale, dx, groups) {
      scales[0] = scale;
      const buffers = reads.map((mem) => scope.read(mem));
      kernel(entry, reads.length).run([...buffers, scope.write(dx)], params, groups);
    },
  };
}
