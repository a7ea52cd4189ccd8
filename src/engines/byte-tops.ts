import type { SyncedMem } from "../syncedmem/synced-mem.ts";
import type { Shape } from "../util/shape.ts";
import type { Engine, PassedOn, PostOps } from "./engine.ts";
import { joinedShape } from "./ops/joined-shape.ts";

type Primitives = Pick<Engine, PassedOn>;

/** Keeps an array of that shape, which was just written, as bytes. */
type Keep = (y: SyncedMem, shape: Shape) => void;

/**
 * The primitives of floats, each of which has its result kept as bytes: what has no form of its own that computes with them.
 * @param followers how many post-ops belong to the result: without them it stays floats
 */
export function withByteTops(floats: Primitives, followers: number, keep: Keep): Primitives {
  const end = (y: SyncedMem, shape: Shape, posts: PostOps = []): void => {
    if (posts.length === followers) keep(y, shape);
  };
  return {
    ...floats,
    convolution(d) {
      const op = floats.convolution(d);
      return {
        ...op,
        forward(x, w, b, y, posts) {
          op.forward(x, w, b, y, posts);
          end(y, [d.batch, d.outputChannels, ...d.output], posts);
        },
      };
    },
    innerProduct(d) {
      const op = floats.innerProduct(d);
      return {
        ...op,
        forward(x, w, b, y, posts) {
          op.forward(x, w, b, y, posts);
          end(y, [d.input[0] ?? 1, d.outputs], posts);
        },
      };
    },
    unary(kernel, params, shape) {
      const op = floats.unary(kernel, params, shape);
      return {
        ...op,
        forward(x, y) {
          op.forward(x, y);
          end(y, shape);
        },
      };
    },
    pooling(d) {
      const op = floats.pooling(d);
      return {
        ...op,
        forward(x, y, extra) {
          op.forward(x, y, extra);
          end(y, [d.batch, d.channels, ...d.output]);
        },
      };
    },
    eltwise(d) {
      const op = floats.eltwise(d);
      return {
        ...op,
        forward(xs, y, posts) {
          op.forward(xs, y, posts);
          end(y, d.shape, posts);
        },
      };
    },
    batchNorm(d) {
      const op = floats.batchNorm(d);
      return {
        ...op,
        forward(x, mean, variance, y, posts) {
          op.forward(x, mean, variance, y, posts);
          end(y, d.shape, posts);
        },
      };
    },
    scale(d) {
      const op = floats.scale(d);
      return {
        ...op,
        forward(x, scale, bias, y) {
          op.forward(x, scale, bias, y);
          end(y, d.shape);
        },
      };
    },
    concat(d) {
      const op = floats.concat(d);
      return {
        ...op,
        forward(xs, y) {
          op.forward(xs, y);
          end(y, joinedShape(d));
        },
      };
    },
  };
}
