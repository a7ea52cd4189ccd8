import type { Blob } from "../../blob/blob.ts";
import type { PostOp, PostOps } from "../../engines/engine.ts";
import type { Takeover } from "../../layers/base/layer-fusion.ts";
import { sameShape } from "../../util/shape.ts";
import { type JoinedLayer, overwritersOf, usersOf } from "../build/blob-users.ts";

/** A layer that does the work of layers right behind it. */
export interface Fusion {
  readonly producer: number;
  /** Work in place on the producer's top, or are `sum` and work in place on that, one after the other. */
  readonly followers: readonly number[];
  /** Backward is taken over too. */
  readonly isBackward: boolean;
  /** Among the followers, a sum of the producer's result and of another blob: its top is written instead of that result. */
  readonly sum?: FusedSum;
}

/** A layer that adds what a producer makes to another blob. */
interface FusedSum {
  readonly layer: number;
  readonly other: Blob;
  /** Nothing reads the other blob's data afterwards. */
  readonly isSpent: boolean;
  readonly top: Blob;
}

/** Whether a blob's data is given up once that layer has run forward. */
export type IsGivenUp = (blob: Blob, layer: number) => boolean;

/**
 * Finds layers that the layer before may run on the way out: ReLU behind a convolution; ReLU and Dropout behind an
 * inner product; Scale and ReLU behind BatchNorm; ReLU behind Eltwise; and where there is no backward, BatchNorm and
 * Scale behind a convolution.
 *
 * Only in-place followers are taken: the blob then holds the same numbers as without fusion, since the
 * value in between is not kept by Caffe either. Where data is given up, a sum behind a convolution is taken too.
 *
 * @param isGivenUp of nets that run forward only and share memory
 */
export function findFusions(
  layers: readonly JoinedLayer[],
  isForwardOnly: boolean,
  isGivenUp?: IsGivenUp,
): Fusion[] {
  const fusions: Fusion[] = [];
  const taken = new Set<number>();
  layers.forEach((built, producer) => {
    if (taken.has(producer)) return;
    const chain = inPlaceChain(layers, producer);
    const withSum = isGivenUp && fusionWithSum(layers, producer, chain, isGivenUp);
    if (withSum) {
      fusions.push(withSum);
      for (const i of withSum.followers) taken.add(i);
      return;
    }
    for (let length = chain.length; length > 0; length--) {
      const followers = chain.slice(0, length);
      const posts = followers.map((i) => postOf(layers[i]) as PostOp);
      const takeover = built.layer.fusion?.accepts?.(posts) ?? "nothing";
      if (!isAllowed(takeover, built, followers, layers, isForwardOnly)) continue;
      fusions.push({ producer, followers, isBackward: takeover === "both" });
      for (const i of followers) taken.add(i);
      return;
    }
  });
  return fusions;
}

/**
 * A producer with its whole chain and the sum behind that: the only reader of a result that is given up then. The other
 * bottom is there before the producer runs, since nothing but the chain lies between that and the sum.
 */
function fusionWithSum(
  layers: readonly JoinedLayer[],
  producer: number,
  chain: readonly number[],
  isGivenUp: IsGivenUp,
): Fusion | undefined {
  const { layer, bottomBlobs, topBlobs } = layers[producer] as JoinedLayer;
  const [result] = topBlobs;
  const at = producer + chain.length + 1;
  // A layer in between may make the other bottom, or work on it.
  if (chain.some((i) => i >= at)) return undefined;
  const next = layers[at];
  const [top] = next?.topBlobs ?? [];
  const others = next?.bottomBlobs.filter((blob) => blob !== result) ?? [];
  const [other] = others;
  if (!result || !next || !top || !other || topBlobs.length !== 1) return undefined;
  const isSum = next.layer.fusion?.addsBottoms?.() === true;
  if (!isSum || others.length !== 1 || next.bottomBlobs.length !== 2) return undefined;
  if (next.layer.engineName !== layer.engineName) return undefined;
  if (other.dataMem === result.dataMem || !isGivenUp(result, at)) return undefined;
  if (usersOf(layers, result).some((i) => i < producer || i > at)) return undefined;
  // The producer reads its own bottom after the other has been handed over.
  const isRead = bottomBlobs.some(({ dataMem }) => dataMem === other.dataMem);
  const isSpent = !isRead && isGivenUp(other, at);
  const sum: FusedSum = { layer: at, other, isSpent, top };
  const behind = inPlaceChain(layers, at);
  for (let length = behind.length; length >= 0; length--) {
    const followers = [...chain, at, ...behind.slice(0, length)];
    const fusion: Fusion = { producer, followers, isBackward: false, sum };
    const posts = postsOf(fusion, layers);
    if (posts && layer.fusion?.accepts?.(posts) === "forward") return fusion;
  }
  return undefined;
}

/** The post-ops of a fusion, as they are now; undefined where one of the followers must run by itself now. */
export function postsOf(
  { producer, followers, sum }: Fusion,
  layers: readonly JoinedLayer[],
): PostOps | undefined {
  const posts: PostOp[] = [];
  for (const i of followers) {
    const post = i === sum?.layer ? postOfSum(sum, layers[producer]) : postOf(layers[i]);
    if (!post) return undefined;
    posts.push(post);
  }
  return posts;
}

/** Undefined where shapes have changed, and the sum's layer has yet to see it. */
function postOfSum(
  { other, top, isSpent }: FusedSum,
  producer: JoinedLayer | undefined,
): PostOp | undefined {
  const shape = producer?.topBlobs[0]?.shape ?? [];
  const fits = sameShape(other.shape, shape) && sameShape(top.shape, shape);
  return fits ? { kind: "sum", other: other.dataMem, isSpent } : undefined;
}

function postOf(built: JoinedLayer | undefined): PostOp | undefined {
  return built?.layer.fusion?.postOp?.();
}

/** A rectifier in place whose gradient the only layer that reads its result gives. */
export interface Absorption {
  readonly rectifier: number;
  readonly reader: number;
}

/**
 * Rectifiers in place whose result a single layer reads that can give the gradient before them: then the rectified
 * data is not read any more after that layer's forward.
 */
export function findAbsorbed(
  layers: readonly JoinedLayer[],
  fusions: readonly Fusion[],
): Absorption[] {
  const absorbed: Absorption[] = [];
  const taken = new Set(fusions.flatMap((one) => (one.isBackward ? one.followers : [])));
  layers.forEach((built, i) => {
    const { bottomBlobs, topBlobs, needsBackward } = built;
    const [top] = topBlobs;
    if (!top || bottomBlobs[0] !== top || !needsBackward || taken.has(i)) return;
    if (!isRectifier(postOf(built))) return;
    const users = usersOf(layers, top);
    const [reader = -1, ...others] = users.filter((j) => j > i);
    if (users.some((j) => j < i && readsAgain(layers[j] as JoinedLayer, top))) return;
    const { layer: next, needsBackward: isNeeded } = layers[reader] ?? {};
    if (others.length === 0 && isNeeded && next?.fusion?.absorbRectifier?.(true)) {
      absorbed.push({ rectifier: i, reader });
    }
  });
  return absorbed;
}

/** Whether a layer's backward reads the data of that blob as it lies there by then. */
function readsAgain({ layer, bottomBlobs, topBlobs }: JoinedLayer, { dataMem }: Blob): boolean {
  const reads = [
    ...topBlobs.map((top, t) => top.dataMem === dataMem && layer.backwardReadsTop(t)),
    ...bottomBlobs.map((bottom, b) => bottom.dataMem === dataMem && layer.backwardReadsBottom(b)),
  ];
  return reads.includes("present") || reads.includes("signs");
}

function isRectifier(post: PostOp | undefined): boolean {
  return post?.kind === "unary" && post.kernel.name === "relu" && post.params["slope"] === 0;
}

/** The layers that work in place on the producer's only top before any other reads it, while they may be post-ops. */
function inPlaceChain(layers: readonly JoinedLayer[], producer: number): number[] {
  const { layer, topBlobs } = layers[producer] as JoinedLayer;
  const [top] = topBlobs;
  const chain: number[] = [];
  if (!top || topBlobs.length !== 1) return chain;
  for (let i = producer + 1; i < layers.length; i++) {
    const next = layers[i] as JoinedLayer;
    if (!next.bottomBlobs.includes(top) && !next.topBlobs.includes(top)) continue;
    const isInPlace =
      next.bottomBlobs.length === 1 && next.bottomBlobs[0] === top && next.topBlobs[0] === top;
    if (!isInPlace || next.layer.engineName !== layer.engineName || !postOf(next)) break;
    chain.push(i);
  }
  return chain;
}

/**
 * Whether the last follower by itself would take its gradient from a result that others have overwritten by then, as
 * Caffe's does. What dropout lets through has its sign still, and the rest no gradient.
 */
function readsOverwritten(layers: readonly JoinedLayer[], followers: readonly number[]): boolean {
  const last = followers.at(-1) ?? -1;
  const built = layers[last] as JoinedLayer;
  return (
    postOf(built)?.kind === "unary" &&
    overwritersOf(layers, last, built.topBlobs[0] as Blob).some(
      (other) => postOf(other)?.kind !== "dropout",
    )
  );
}

/** A layer's backward needs what its own forward kept: a fusion in which that did not run has to take over backward too. */
function isAllowed(
  takeover: Takeover,
  producer: JoinedLayer,
  followers: readonly number[],
  layers: readonly JoinedLayer[],
  isForwardOnly: boolean,
): boolean {
  if (takeover === "nothing") return false;
  if (isForwardOnly) return true;
  if (takeover === "both") {
    const isSame = followers.every((i) => layers[i]?.needsBackward === producer.needsBackward);
    return isSame && !readsOverwritten(layers, followers);
  }
  return followers.every((i) => readsResultAlone(layers[i]));
}

/** Whether a follower's backward finds all that it reads where its own forward did not run: y, or a random key. */
export function readsResultAlone(follower: JoinedLayer | undefined): boolean {
  const post = postOf(follower);
  return post?.kind === "dropout" || (post?.kind === "unary" && !post.kernel.backwardReadsX);
}
