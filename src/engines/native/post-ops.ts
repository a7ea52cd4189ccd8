import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import type { PostOps } from "../engine.ts";
import { rectifierOf, slopeOf } from "../ops/rectifier-slope.ts";
import { STRAIGHT } from "./dropout.ts";

/** Post-ops as native code takes them: a line per channel, and a rectifier behind it. */
export interface Line {
  readonly scale: Float32Array | undefined;
  readonly bias: Float32Array | undefined;
  readonly dScale: SyncedMem | undefined;
  readonly dBias: SyncedMem | undefined;
  /** Slope below zero; NaN where nothing is rectified. */
  readonly slope: number;
  /** Where the rectifier ends; NaN where it does not. */
  readonly ceiling: number;
}

const nothing: Line = {
  scale: undefined,
  bias: undefined,
  dScale: undefined,
  dBias: undefined,
  slope: Number.NaN,
  ceiling: Number.NaN,
};

/** At most one scale and then at most one ReLU or ReLU6; undefined for anything else. */
export function lineOf(posts: PostOps): Line | undefined {
  const [first] = posts;
  if (posts.length === 0) return nothing;
  if (first?.kind !== "scale") {
    const rectifier = rectifierOf(posts);
    return rectifier && { ...nothing, ...rectifier };
  }
  const rectifier = posts.length === 1 ? nothing : rectifierOf(posts.slice(1));
  if (!rectifier) return undefined;
  return {
    scale: first.scale.cpu() as Float32Array,
    bias: first.bias?.cpu() as Float32Array | undefined,
    dScale: first.dScale,
    dBias: first.dBias,
    slope: rectifier.slope,
    ceiling: rectifier.ceiling,
  };
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
