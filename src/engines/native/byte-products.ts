import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { Watch } from "../../syncedmem/watch.ts";
import type { Shape } from "../../util/shape.ts";
import type { LinearOp, PostOps } from "../engine.ts";
import {
  acceptsBytes,
  type ByteWayOut,
  byteWayOutOf,
  factorsOf,
  joinedLines,
  outputScale,
} from "../ops/byte-products.ts";
import { type ByteForm, type BytesPlan, notFinite, weightScale } from "../ops/bytes.ts";
import { arraysOf } from "../ops/line-post.ts";
import type { Buffer, BytesProducts, Layout } from "./addon.ts";
import { ByteWeights } from "./byte-weights.ts";
import type { BytesWayOut } from "./bytes-way-out.ts";
import type { Layouts } from "./layouts.ts";

/** A convolution or an inner product, as the library sees it. */
interface Products {
  readonly src: Shape;
  readonly dst: Shape;
  /** Row-major, outputs first. */
  readonly weights: Shape;
  readonly outputs: number;
  readonly isTransposed: boolean;
  make(hasBias: boolean, out: BytesWayOut): BytesProducts;
}

/** A primitive with its arrays' layouts, and what tells it from the others of the same product. */
interface Made {
  readonly out: Pick<ByteWayOut, "isWhole" | "slope" | "ceiling">;
  readonly hasBias: boolean;
  readonly adds: boolean;
  readonly primitive: BytesProducts;
  readonly src: Layout;
  readonly dst: Layout;
  /** The other bottom of a sum, in the order of dst. */
  readonly other: Layout | undefined;
  /** As the library adds it. */
  readonly bias: Float32Array;
  /** What that was made of. */
  joined?: ReturnType<typeof joinedLines>;
}

/**
 * Products of bytes by the library.
 * @param floats the product of floats, where lines behind it run by themselves
 */
export function byteProducts(
  layouts: Layouts,
  floats: LinearOp,
  plan: BytesPlan,
  products: Products,
): LinearOp {
  const { addon } = layouts;
  const { outputs } = products;
  const { weights: scales = [1], other } = plan;
  const input = plan.input as ByteForm;
  const weights = new ByteWeights(
    layouts,
    products.weights,
    outputs,
    scales,
    products.isTransposed,
  );
  const made: Made[] = [];
  const watch = new Watch();
  let joined = joinedLines(outputs, undefined, []);

  const find = (out: ByteWayOut, hasBias: boolean): Made => {
    const { isWhole, slope, ceiling } = out;
    const adds = out.sum !== undefined;
    const found = made.find(
      (one) =>
        one.hasBias === hasBias &&
        one.adds === adds &&
        one.out.isWhole === isWhole &&
        Object.is(one.out.slope, slope) &&
        Object.is(one.out.ceiling, ceiling),
    );
    if (found) return found;
    const form = isWhole ? plan.output : undefined;
    const scale = outputScale(plan, isWhole);
    const added = adds && form ? other : undefined;
    const primitive = products.make(hasBias, {
      src: input.type,
      dst: form?.type ?? "f32",
      factors: factorsOf(plan, outputs, isWhole),
      // To a result of floats the floats that the other's bytes stand for are added.
      sumScale: adds ? scale / (added?.scale ?? 1) : Number.NaN,
      sumType: added?.type ?? "f32",
      slope,
      ceiling: ceiling * scale,
    });
    const { src, dst } = primitive.layouts;
    const one: Made = {
      out: { isWhole, slope, ceiling },
      hasBias,
      adds,
      primitive,
      src: layouts.bytes(products.src, input, src),
      dst: form ? layouts.bytes(products.dst, form, dst) : dst,
      other: added && layouts.bytes(products.dst, added, dst),
      bias: new Float32Array(outputs),
    };
    made.push(one);
    return one;
  };

  return {
    ...floats,
    accepts: (posts) => acceptsBytes(posts, plan),
    forward(x, w, b, y, posts: PostOps = []) {
      const out = byteWayOutOf(posts, plan);
      if (!out) {
        floats.forward(x, w, b, y, posts);
        return;
      }
      const { lines, sum, isWhole } = out;
      const hasBias = b !== undefined || lines.some(({ bias }) => bias !== undefined);
      const one = find(out, hasBias);
      const { primitive, src, dst, bias, other } = one;
      if (watch.isNew(arraysOf(b, lines))) joined = joinedLines(outputs, b, lines);
      if (one.joined !== joined) {
        one.joined = joined;
        for (let o = 0; o < outputs; o++) {
          const unit = addon.addsBiasFirst
            ? input.scale * weightScale(scales, o)
            : outputScale(plan, isWhole);
          bias[o] = joined.shift[o]! * unit;
        }
      }
      const factors = lines.length > 0 ? joined.scale : undefined;
      const buffers: Buffer[] = [
        readBytes(layouts, x, src, plan.layer),
        weights.read(w, factors, primitive.layouts.weights),
      ];
      if (sum) {
        layouts.share(sum.other, y, other ?? dst, dst);
        if (sum.isSpent) sum.other.zero();
      }
      buffers.push(sum ? layouts.update(y, dst) : layouts.write(y, dst));
      if (hasBias) buffers.push(bias);
      layouts.run(primitive, buffers);
      layouts.ran.add(primitive.implementation);
    },
  };
}

/** An array as bytes; where it lies as floats, of which one is not finite, that is an error. */
function readBytes(layouts: Layouts, x: SyncedMem, layout: Layout, layer: string): Buffer {
  if (!layouts.areBytes(x)) {
    const lying = layouts.current(x, layout.dims);
    if (layouts.greatest(x, lying) === Number.POSITIVE_INFINITY) throw notFinite(layer);
  }
  return layouts.read(x, layout);
}
