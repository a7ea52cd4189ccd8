import type { PostOp, PostOps } from "../engine.ts";
import type { LinePost } from "./line-post.ts";
import { type Rectifier, rectifierOf } from "./rectifier-slope.ts";

const NOTHING: Rectifier = { slope: Number.NaN, ceiling: Number.NaN };

/** What a convolution may do on its way out, in this order. */
export interface WayOut extends Rectifier {
  readonly lines: readonly LinePost[];
  readonly sum: Extract<PostOp, { readonly kind: "sum" }> | undefined;
}

/** Any number of lines, at most one sum, and at most one ReLU, or ReLU6 without a slope; undefined for anything else. */
export function wayOutOf(posts: PostOps): WayOut | undefined {
  const last = posts.at(-1);
  const rectifier = last?.kind === "unary" ? rectifierOf([last]) : NOTHING;
  const rest = last?.kind === "unary" ? posts.slice(0, -1) : posts;
  const added = rest.at(-1);
  const sum = added?.kind === "sum" ? added : undefined;
  const before = sum ? rest.slice(0, -1) : rest;
  const lines = before.filter((one) => one.kind === "scale");
  if (!rectifier || lines.length !== before.length) return undefined;
  const { slope, ceiling } = rectifier;
  if (!Number.isNaN(ceiling) && slope !== 0) return undefined;
  return { lines, sum, slope, ceiling };
}
