import type { Blob } from "../../blob/blob.ts";
import type { PostOp, PostOps } from "../../engines/engine.ts";

/** Whether a layer does the work of the layers behind it in forward alone, or in backward too. */
export type Takeover = "nothing" | "forward" | "both";

/**
 * What a layer offers for running as one with its neighbours: `layer.fusion`. A layer without one runs by itself, which is
 * always right; nothing here changes a number, only how often memory is gone through. All of it is optional, and each
 * layer gives the part that it plays:
 *
 * - **producer** (`accepts`, `forward`, `backward`, `again`): does the work of layers in place right behind it, as it writes its
 *   result: Convolution, InnerProduct, BatchNorm, Eltwise
 * - **follower** (`postOp`, `forwardWasTaken`): says what it does, so that the layer before it can: ReLU and the other
 *   elementwise layers, Scale, Dropout, and BatchNorm with global statistics
 * - **sum** (`addsBottoms`): may be made by the layer before it, which adds its own result to the other bottom: Eltwise
 * - **reader** (`absorbRectifier`): gives the gradient before a rectifier in front of it: MAX pooling
 * - **repeated** (`isCheapToRepeat`): runs again before backward instead of having its result kept: a convolution of few
 *   channels
 *
 * Who asks, and when: `net/run/execution.ts` alone, which every forward and backward of a net goes through.
 *
 * 1. When the net is built, and whenever shapes have changed, after every layer's `reshape`, `findFusions` and
 *    `findAbsorbed` (`net/run/fusion.ts`) and `findRepetitions` (`net/run/repetition.ts`) go through the layers. A chain of
 *    layers that work in place on a producer's only top, on the same engine, is offered to `accepts` as their `postOp`s:
 *    first the whole of it, then all but the last, until it takes them.
 * 2. In each forward, the producer's turn: every follower's `postOp` is asked anew, since it may hold arrays or a random
 *    key of this pass. Then `forward` with them takes the place of the layer's own. A follower's turn: `forwardWasTaken`
 *    takes the place of its forward. Where one `postOp` is undefined in this pass, where the pass does not run all of the
 *    layers, or with debug_info, every layer runs by itself.
 * 3. In backward, where `accepts` said "both", the producer's turn runs `backward` with the posts and its followers' turns
 *    run nothing. Where it said "forward", every layer runs its own backward. Where the pass does not run all of the
 *    layers, they come apart first: `again` gives back what the producer wrote by itself, and the followers run forward.
 *
 * Where a net runs forward only and gives up data that no layer reads any more, a producer is offered a sum behind its chain
 * too, and what works in place on that: then it writes the sum's top, and its own stays without data.
 *
 * For example, a convolution and a ReLU in place behind it:
 *
 *     layer { name: "conv" type: "Convolution" bottom: "x" top: "y" … }
 *     layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
 *
 * When the net is built, relu's `postOp()` is `{ kind: "unary", kernel: relu, params: { slope: 0 } }`. The convolution's
 * `accepts([that])` asks its engine's op, which can apply the function to a sum before it is written, and answers
 * "forward". In a forward pass, conv's turn is `fusion.forward([x], [y], [that])`: y is written once, rectified. relu's
 * turn is over at once. In backward relu runs first, by itself: it needs no more than the signs of y, which are there. Then
 * the convolution runs its own. Had relu a top of its own, y would have to hold both, and nothing would be fused.
 */
export interface LayerFusion {
  /** Producer: what it can take over of layers that work in place on its top. */
  accepts?(posts: PostOps): Takeover;

  /** Producer: bottom.data → `posts` of what the layer's own forward gives, in top.data. */
  forward?(bottom: readonly Blob[], top: readonly Blob[], posts: PostOps): void;

  /** Producer whose `accepts` says "both": as the layer's own backward, from the gradient behind `posts`. */
  backward?(
    top: readonly Blob[],
    propagateDown: readonly boolean[],
    bottom: readonly Blob[],
    posts: PostOps,
  ): void;

  /**
   * Producer whose `accepts` says "both": what its own forward, without posts, would have given in the last pass, in
   * top.data. Backward by itself is to follow. False where it does not know any more.
   */
  again?(top: readonly Blob[]): boolean;

  /** Follower: what this layer does, if the layer before it may do that instead; undefined where it may not now. */
  postOp?(): PostOp | undefined;

  /** Follower: the layer before did what `postOp` says, and forward does not run in this pass. */
  forwardWasTaken?(): void;

  /** Sum: top is bottom 0 + bottom 1, both of its shape. */
  addsBottoms?(): boolean;

  /**
   * Reader: from the next forward on, its bottom is max(z, 0), which only this layer reads, and backward is to give ∂E/∂z,
   * so that the rectifier in front has nothing left to do. False where it cannot. Asked before every forward: with
   * `isThere` false, backward gives ∂E/∂bottom again.
   */
  absorbRectifier?(isThere: boolean): boolean;

  /** Repeated: whether forward can run again, and takes no longer than writing its result to memory does. */
  isCheapToRepeat?(): boolean;
}
