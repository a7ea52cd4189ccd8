import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import type { PostOps } from "../engine.ts";
import { STRAIGHT } from "./dropout.ts";

/** Post-ops as native code takes them: a line per channel, and a rectifier behind it. */
export interface Line {
  readonly scale: Float32Array | undefined;
  readonly bias: Float32Array | undefined;
  readonly dScale: SyncedMem | undefined;
  readonly dBias: SyncedMem | undefined;
  /** Slope below zero; NaN where nothing is rectified. */
  readonly slope: number;
}

const nothing: Line = {
  scale: undefined,
  bias: undefined,
  dScale: undefined,
  dBias: undefined,
  slope: Number.NaN,
};

/** At most one scale and then at most one ReLU; undefined for anything else. */
export function lineOf(posts: PostOps): Line | undefined {
  const [first] = posts;
  if (posts.length === 0) return nothing;
  if (first?.kind !== "scale") {
    const slope = slopeOf(posts);
    return slope === undefined ? undefined : { ...nothing, slope };
  }
  const slope = posts.length === 1 ? Number.NaN : slopeOf(posts.slice(1));
  if (slope === undefined) return undefined;
  return {
    scale: first.scale.cpu() as Float32Array,
    bias: first.bias?.cpu() as Float32Array | undefined,
    dScale: first.dScale,
    dBias: first.dBias,
    slope,
  };
}

/** The slope below zero of a single ReLU; undefined for anything else. */
export function slopeOf(posts: PostOps): number | undefined {
  const [post] = posts;
  if (posts.length !== 1 || post?.kind !== "unary" || post.kernel.name !== "relu") return undefined;
  const slope = post.params["slope"] ?? 0;
  // The sign of y tells that of x.
  return slope >= 0 ? slope : undefined;
}

/** A rectifier and a dropout behind it, either of which may be missing. */
export interface Rectified {
  /** Slope below zero; 1 where nothing is rectified. */
  readonly slope: number;
  readonly ratio: number;
  readonly key: RandomKey;
}

/** At most one ReLU and then at most one dropout; undefined for anything else. */
export function rectifiedOf(posts: PostOps): Rectified | undefined {
  const last = posts.at(-1);
  const { ratio, key } = last?.kind === "dropout" ? last : NOTHING_DROPPED;
  const before = last?.kind === "dropout" ? posts.slice(0, -1) : posts;
  const slope = before.length === 0 ? STRAIGHT : slopeOf(before);
  return slope === undefined ? undefined : { slope, ratio, key };
}

const NOTHING_DROPPED = { ratio: 0, key: [0, 0] } as const;

/** All scales in front of a last ReLU joined into one line per channel; undefined where there is anything else. */
export function joinedLine(posts: PostOps, channels: number): Line | undefined {
  const last = posts.at(-1);
  const isRectified = last?.kind === "unary";
  const slope = isRectified ? slopeOf(posts.slice(-1)) : Number.NaN;
  const scales = isRectified ? posts.slice(0, -1) : posts;
  if (slope === undefined || scales.some(({ kind }) => kind !== "scale")) return undefined;
  if (scales.length === 0) return { ...nothing, slope };
  const scale = new Float32Array(channels).fill(1);
  const bias = new Float32Array(channels);
  for (const post of scales) {
    if (post.kind !== "scale") continue;
    const [a, b] = [post.scale.cpu(), post.bias?.cpu()];
    for (let c = 0; c < channels; c++) {
      scale[c]! *= a[c]!;
      bias[c] = bias[c]! * a[c]! + (b ? b[c]! : 0);
    }
  }
  return { ...nothing, scale, bias, slope };
}
