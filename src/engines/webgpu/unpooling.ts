import { countOf } from "../../util/shape.ts";
import type { UnpoolingDescriptor, UnpoolingOp } from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { unpooling as code } from "./shaders.ts";

/** The entries of unpooling.wgsl and the arrays that each takes. */
const ENTRIES = { clear: "...w", mark: "..rw", spread: "rw.w", collect: "rwr" } as const;

/** The bits of a number that is none. */
const NAN_BITS = 0x7fc00000;

/** Maxima back to their places. */
export function webgpuUnpooling(scope: Scope, d: UnpoolingDescriptor): UnpoolingOp {
  const [plane, size] = [countOf(d.input), countOf(d.output)];
  const [small, large] = [d.batch * d.channels * plane, d.batch * d.channels * size];
  const run = (entry: keyof typeof ENTRIES, count: number, buffers: readonly GpuBuffer[]): void => {
    scope
      .kernel({ name: `unpooling, ${entry}`, code, entry, arrays: ENTRIES[entry] })
      .run(buffers, uniforms([], [count, plane, size, NAN_BITS]), groupsFor(count));
  };
  return {
    forward(x, mask, y) {
      const [from, where, to] = [scope.read(x), scope.read(mask), scope.write(y)];
      const winners = scope.workspace(large);
      run("clear", large, [winners]);
      run("mark", small, [where, winners]);
      run("spread", large, [from, to, winners]);
      return -1;
    },
    backward(dy, mask, dx) {
      run("collect", small, [scope.read(dy), scope.write(dx), scope.read(mask)]);
    },
  };
}
