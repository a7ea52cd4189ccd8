import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { Watch } from "../../syncedmem/watch.ts";
import type { PostOp, PostOps } from "../engine.ts";
import { arraysOf, type LinePost } from "../ops/line-post.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { joinLines } from "./shaders.ts";

/** An elementwise function on the way out. */
export type FunctionPost = Extract<PostOp, { readonly kind: "unary" }>;

/** Post-ops as kernels take them: lines per channel, and a function behind them. */
export interface Posts {
  readonly lines: readonly LinePost[];
  readonly post: FunctionPost | undefined;
}

/** Any number of lines and then at most one function that has WGSL; undefined for anything else. */
export function postsOf(posts: PostOps): Posts | undefined {
  const last = posts.at(-1);
  const post = last?.kind === "unary" ? last : undefined;
  const before = post ? posts.slice(0, -1) : posts;
  const lines = before.filter((one) => one.kind === "scale");
  if (lines.length !== before.length || (post && !post.kernel.wgsl)) return undefined;
  return { lines, post };
}

/** What a product adds to each channel of C, and multiplies it by before: see finish.wgsl. */
export interface Finish {
  readonly buffer: GpuBuffer;
  readonly kind: 1 | 2;
}

/** A product's own bias and the lines behind it, joined into one line per channel where there are any. */
export class ChannelFinish {
  readonly #scope: Scope;
  readonly #channels: number;
  readonly #lines: SyncedMem;
  readonly #watch: Watch = new Watch();

  constructor(scope: Scope, channels: number) {
    this.#scope = scope;
    this.#channels = channels;
    this.#lines = new SyncedMem(3 * channels);
  }

  of(bias: SyncedMem | undefined, lines: readonly LinePost[]): Finish | undefined {
    const scope = this.#scope;
    if (lines.length === 0) return bias && { buffer: scope.read(bias), kind: 1 };
    if (this.#watch.isNew(arraysOf(bias, lines))) this.#join(bias, lines);
    return { buffer: scope.read(this.#lines), kind: 2 };
  }

  #join(bias: SyncedMem | undefined, lines: readonly LinePost[]): void {
    const scope = this.#scope;
    const { nothing } = scope.gpu;
    const kernel = scope.kernel({
      name: "lines joined",
      code: joinLines,
      entry: "main",
      arrays: "rrrw",
    });
    lines.forEach((line, i) => {
      const own = i === 0 && bias ? scope.read(bias) : nothing;
      const added = line.center ?? line.bias;
      const shift = added ? scope.read(added) : nothing;
      const to = i === 0 ? scope.write(this.#lines) : scope.update(this.#lines);
      const flags = [i === 0, bias, added, line.center].map((is) => Number(Boolean(is)));
      kernel.run(
        [scope.read(line.scale), shift, own, to],
        uniforms([], [this.#channels, ...flags]),
        groupsFor(this.#channels),
      );
    });
  }
}
