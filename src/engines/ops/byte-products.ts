import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { PostOps } from "../engine.ts";
import { type BytesPlan, weightScale } from "./bytes.ts";
import { type WayOut, wayOutOf } from "./way-out.ts";

/** What a product of bytes does on its way out in one pass. */
export interface ByteWayOut extends WayOut {
  /** All that belongs to the result is taken over, so that it is kept as the plan says; else it is floats. */
  readonly isWhole: boolean;
}

/** Whether a product of bytes can take these over. */
export function acceptsBytes(posts: PostOps, plan: BytesPlan): boolean {
  const out = wayOutOf(posts);
  if (!out || posts.length > plan.followers) return false;
  return out.sum === undefined || plan.other !== undefined;
}

/**
 * The way out; undefined where the products are to be of floats: the scales of the weights are those behind lines that run by
 * themselves in this pass.
 */
export function byteWayOutOf(posts: PostOps, plan: BytesPlan): ByteWayOut | undefined {
  const out = wayOutOf(posts) as WayOut;
  if (out.lines.length !== plan.lines) return undefined;
  return { ...out, isWhole: posts.length === plan.followers };
}

/** By output: what a sum of products of bytes is multiplied by to be the result as it is kept. */
export function factorsOf(plan: BytesPlan, outputs: number, isWhole: boolean): Float32Array {
  const { input, weights = [1] } = plan;
  const scale = outputScale(plan, isWhole);
  return Float32Array.from(
    { length: outputs },
    (_, o) => scale / ((input?.scale ?? 1) * weightScale(weights, o)),
  );
}

/** What the result is multiplied by where it is written. */
export function outputScale({ output }: BytesPlan, isWhole: boolean): number {
  return isWhole && output ? output.scale : 1;
}

/** Lines per channel as one: what the products are multiplied by, and what is added to them with the bias. */
export function joinedLines(
  channels: number,
  b: SyncedMem | undefined,
  lines: WayOut["lines"],
): { readonly scale: Float64Array; readonly shift: Float64Array } {
  const scale = new Float64Array(channels).fill(1);
  const shift = new Float64Array(channels);
  if (b) shift.set(b.cpu().subarray(0, channels));
  for (const line of lines) {
    const [factors, shifts] = [line.scale.cpu(), line.bias?.cpu()];
    for (let c = 0; c < channels; c++) {
      scale[c]! *= factors[c]!;
      shift[c] = shift[c]! * factors[c]! + (shifts ? shifts[c]! : 0);
    }
  }
  return { scale, shift };
}
