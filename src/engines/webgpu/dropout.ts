import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import { countOf } from "../../util/shape.ts";
import type { DropoutDescriptor, DropoutOp } from "../engine.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { dropout, randomBits } from "./shaders.ts";

/** The word of the parameters where the key begins. */
const KEY = 3;

/** Random words are hashed from their index, so that nothing is kept and every engine draws the same. */
export function webgpuDropout(scope: Scope, { shape, ratio }: DropoutDescriptor): DropoutOp {
  const count = countOf(shape);
  const params = uniforms([1 / (1 - ratio)], [count, Math.floor(ratio * 2 ** 32), 0, 0]);
  const drop = (x: SyncedMem, y: SyncedMem, key: RandomKey): void => {
    params.set(key, KEY);
    const [input, output, inPlace] = scope.through(x, y);
    const kernel = scope.kernel({
      name: "dropout",
      code: randomBits + dropout,
      entry: "main",
      arrays: "rw",
      constants: { IN_PLACE: inPlace },
    });
    kernel.run([input, output], params, groupsFor(count));
  };
  return { forward: drop, backward: drop };
}
