import type { PostOps } from "../engine.ts";

/** The slope below zero of a single rectifier of that name; undefined for anything else. */
export function slopeOf(posts: PostOps, name: "relu" | "relu6" = "relu"): number | undefined {
  const [post] = posts;
  if (posts.length !== 1 || post?.kind !== "unary" || post.kernel.name !== name) return undefined;
  const slope = post.params["slope"] ?? 0;
  // The sign of y tells that of x.
  return slope >= 0 ? slope : undefined;
}
