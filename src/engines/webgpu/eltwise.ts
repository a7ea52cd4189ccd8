import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { EltwiseDescriptor, EltwiseOp, PostOps } from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import { type FunctionPost, postsOf } from "./post-ops.ts";
import type { Scope } from "./scope.ts";
import { eltwise as code } from "./shaders.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";

/** The entries of eltwise.wgsl and the arrays that each takes. */
const ENTRIES = {
  sum: "rrw",
  axpby: "r.w",
  scaled: "r.w",
  throughFunction: "rrw",
  product: "rrw",
  multiplyBy: "r.w",
  multiplyByQuotient: "rrw",
  largest: "rrww",
  largerOf: "r.ww",
  whereWon: "r.ww",
} as const;

/** Runs an entry of eltwise.wgsl over `count` elements. */
export function elementwise(
  scope: Scope,
  entry: keyof typeof ENTRIES,
  count: number,
  buffers: readonly GpuBuffer[],
  [alpha, beta, number]: readonly [number, number, number] = [1, 1, 0],
  post?: FunctionPost,
): void {
  const kernel = scope.kernel({
    name: `elementwise ${entry}`,
    code: code + (post ? unaryFunctions(scope, post.kernel, post.params) : IDENTITY),
    entry,
    arrays: ENTRIES[entry],
  });
  const floats = [...numbersOf(post?.params), alpha, beta];
  kernel.run(buffers, uniforms(floats, [count, number]), groupsFor(count));
}

/** The single function behind a sum, where y alone tells its gradient; undefined for anything else. */
function functionOf(posts: PostOps): FunctionPost | undefined {
  const { lines, post } = postsOf(posts) ?? {};
  return lines?.length === 0 && !post?.kernel.backwardReadsX ? post : undefined;
}

/** Sum with coefficients, product, or maximum of arrays of one shape. */
export function webgpuEltwise(scope: Scope, d: EltwiseDescriptor): EltwiseOp {
  const count = countOf(d.shape);
  const { operation, coeffs } = d;
  const winner = new SyncedMem(operation === "MAX" ? count : 0);
  const run = (
    entry: keyof typeof ENTRIES,
    buffers: readonly GpuBuffer[],
    numbers?: readonly [number, number, number],
    post?: FunctionPost,
  ): void => elementwise(scope, entry, count, buffers, numbers, post);

  return {
    accepts: (posts) => operation === "SUM" && functionOf(posts) !== undefined,
    forward(xs, y, posts = []) {
      const post = functionOf(posts);
      const [a, b, ...more] = xs.map((x) => scope.read(x)) as [GpuBuffer, GpuBuffer?];
      const out = scope.pass(y);
      const [alpha = 1, beta = 1] = coeffs;
      const won = operation === "MAX" ? [scope.write(winner)] : [];
      if (!b) return run("scaled", [a, out], [operation === "SUM" ? alpha : 1, 0, 0], post);
      const last = more.length === 0 ? post : undefined;
      if (operation === "SUM") run("sum", [a, b, out], [alpha, beta, 0], last);
      else run(operation === "PROD" ? "product" : "largest", [a, b, out, ...won]);
      (more as GpuBuffer[]).forEach((x, i) => {
        const isLast = i === more.length - 1;
        if (operation === "SUM")
          run("axpby", [x, out], [coeffs[i + 2] ?? 1, 1, 0], isLast ? post : undefined);
        else if (operation === "PROD") run("multiplyBy", [x, out]);
        else run("largerOf", [x, out, ...won], [1, 1, i + 2]);
      });
      return undefined;
    },
    backward(xs, y, dy, dxs, posts = []) {
      const post = functionOf(posts);
      const gradient = scope.read(dy);
      dxs.forEach((dx, k) => {
        if (!dx) return;
        if (operation === "MAX") {
          const won = scope.update(winner);
          run("whereWon", [gradient, scope.pass(dx), won], [1, 1, k]);
          return;
        }
        const out = scope.pass(dx);
        const scale = operation === "SUM" ? (coeffs[k] ?? 1) : 1;
        if (post) run("throughFunction", [gradient, scope.read(y), out], [scale, 0, 0], post);
        else run("scaled", [gradient, out], [scale, 0, 0]);
        if (operation !== "PROD") return;
        if (d.stableProdGrad) {
          xs.forEach((x, j) => {
            if (j !== k) run("multiplyBy", [scope.read(x), out]);
          });
        } else run("multiplyByQuotient", [scope.read(y), scope.read(xs[k] as SyncedMem), out]);
      });
    },
  };
}
