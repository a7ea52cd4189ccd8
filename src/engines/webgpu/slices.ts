import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Finish, FunctionPost } from "./post-ops.ts";
import type { Scope } from "./scope.ts";
import { finish as finishCode, sumSlices } from "./shaders.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";

/** An array whose parts were summed apart, in (slices, count); its elements are (…, channels, inner). */
interface Sliced {
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

/** Terms of a sum that a workgroup of its own is worth. */
const LEAST_SHARE = 4096;

/** How many workgroups share a sum. */
export function sharesOf(terms: number): number {
  return Math.min(Math.max(1, Math.ceil(terms / LEAST_SHARE)), 256);
}

/**
 * A sum of so many terms: `run` makes workgroups leave a share each in an array, and where there are several these are added up.
 * The sum of no terms is 0.
 */
export function addShares(
  scope: Scope,
  terms: number,
  sum: GpuBuffer,
  run: (shares: GpuBuffer, groups: number) => void,
): void {
  const slices = sharesOf(terms);
  if (slices === 1) {
    run(sum, 1);
    return;
  }
  const shares = scope.workspace(slices);
  run(shares, slices);
  addUp(scope, { count: 1, slices, channels: 1, inner: 1 }, shares, sum, {});
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
