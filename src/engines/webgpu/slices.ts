import type { GpuBuffer } from "./buffer-pool.ts";
import type { Finish, FunctionPost } from "./post-ops.ts";
import { groupsFor, type Scope, uniforms } from "./scope.ts";
import { finish as finishCode, sumSlices } from "./shaders.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";

/** An array whose parts were summed apart, in (slices, count); its elements are (…, channels, inner). */
export interface Sliced {
  readonly count: number;
  readonly slices: number;
  readonly channels: number;
  readonly inner: number;
}

/** What becomes of a sum on its way out. */
export interface WayOut {
  /** What each channel gets; not where the sum is added to. */
  readonly finish?: Finish | undefined;
  /** The sum is added to what is there. */
  readonly adds?: 0 | 1;
  /** Applied to each element. */
  readonly post?: FunctionPost | undefined;
}

/** Adds the slices up, always in the same order. */
export function addUp(
  scope: Scope,
  { count, slices, channels, inner }: Sliced,
  parts: GpuBuffer,
  to: GpuBuffer,
  { finish, adds = 0, post }: WayOut,
): void {
  const f = post ? unaryFunctions(scope, post.kernel, post.params) : IDENTITY;
  const kernel = scope.kernel({
    name: "sum of slices",
    code: sumSlices + finishCode + f,
    entry: "main",
    arrays: "rrw",
  });
  const whole = [count, slices, channels, inner, finish?.kind ?? 0, adds];
  kernel.run(
    [parts, finish?.buffer ?? scope.gpu.nothing, to],
    uniforms(numbersOf(post?.params), whole),
    groupsFor(count),
  );
}
