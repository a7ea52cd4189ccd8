import type { PostOps } from "../engine.ts";

/** The slope below zero of a single rectifier of that name; undefined for anything else. */
export function slopeOf(posts: PostOps, name: "relu" | "relu6" = "relu"): number | undefined {
  const [post] = posts;
  if (posts.length !== 1 || post?.kind !== "unary" || post.kernel.name !== name) return undefined;
  const slope = post.params["slope"] ?? 0;
  // The sign of y tells that of x.
  return slope >= 0 ? slope : undefined;
}

/** A rectifier behind something: its slope below zero, NaN where nothing is rectified, and where it ends, NaN where it does not. */
export interface Rectifier {
  readonly slope: number;
  readonly ceiling: number;
}

/** A single ReLU or ReLU6; undefined for anything else. */
export function rectifierOf(posts: PostOps): Rectifier | undefined {
  const slope = slopeOf(posts, "relu");
  if (slope !== undefined) return { slope, ceiling: Number.NaN };
  const below = slopeOf(posts, "relu6");
  return below === undefined ? undefined : { slope: below, ceiling: 6 };
}
