import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { PostOp } from "../engine.ts";

/** A line per channel on the way out. */
export type LinePost = Extract<PostOp, { readonly kind: "scale" }>;

/** The arrays that a bias and the lines behind it are made of. */
export function arraysOf(bias: SyncedMem | undefined, lines: readonly LinePost[]): SyncedMem[] {
  return [bias, ...lines.flatMap((line) => [line.scale, line.bias])].filter(
    (mem) => mem !== undefined,
  );
}
