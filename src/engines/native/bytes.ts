import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import { withByteTops } from "../byte-tops.ts";
import type {
  ConcatDescriptor,
  ConcatOp,
  Engine,
  PassedOn,
  PoolingDescriptor,
  PoolingOp,
} from "../engine.ts";
import { type ByteForm, type BytesPlan, notFinite } from "../ops/bytes.ts";
import { joinedShape } from "../ops/joined-shape.ts";
import type { Layout } from "./addon.ts";
import { byteProducts } from "./byte-products.ts";
import { convolutionShapesOf } from "./convolution-shapes.ts";
import type { Layouts } from "./layouts.ts";
import { poolingWindowOf } from "./pooling.ts";

type Primitives = Pick<Engine, PassedOn>;

/**
 * The primitives for a layer whose result is kept as bytes, or that multiplies bytes. What has no form of its own computes with
 * floats, and is rounded afterwards.
 */
export function bytesPrimitives(
  layouts: Layouts,
  floats: Primitives,
  plan: BytesPlan,
): Partial<Primitives> {
  const { output, input, followers, layer } = plan;
  const kept = output
    ? withByteTops(floats, followers, (y, shape) => keep(layouts, y, shape, output, layer))
    : floats;
  return {
    ...kept,
    convolution(d) {
      const isEmpty = countOf([d.batch, d.inputChannels, ...d.output]) === 0;
      if (!input || isEmpty || d.input.length < 1 || d.input.length > 3) return kept.convolution(d);
      const shapes = convolutionShapesOf(d);
      return byteProducts(layouts, floats.convolution(d), plan, {
        src: shapes.src,
        dst: shapes.dst,
        weights: shapes.weights,
        outputs: d.outputChannels,
        isTransposed: false,
        make: (hasBias, out) => layouts.addon.bytesConvolution({ ...shapes, hasBias }, out),
      });
    },
    innerProduct(d) {
      if (!input || countOf(d.input) === 0) return kept.innerProduct(d);
      // The library knows no more axes.
      const fits = d.input.length >= 2 && d.input.length <= 5;
      const src = fits ? d.input : [d.input[0] ?? 1, countOf(d.input, 1)];
      return byteProducts(layouts, floats.innerProduct(d), plan, {
        src,
        dst: [src[0]!, d.outputs],
        weights: [d.outputs, ...src.slice(1)],
        outputs: d.outputs,
        isTransposed: d.transpose,
        make: (hasBias, out) => layouts.addon.bytesInnerProduct(src, d.outputs, hasBias, out),
      });
    },
    pooling: (d) => (output && bytePooling(layouts, d, output, kept.pooling(d))) ?? kept.pooling(d),
    concat: (d) => (output && byteConcat(layouts, d, output)) ?? kept.concat(d),
  };
}

/** Keeps an array of floats as bytes from now on. */
function keep(layouts: Layouts, y: SyncedMem, shape: Shape, form: ByteForm, layer: string): void {
  if (layouts.greatest(y, layouts.current(y, shape)) === Number.POSITIVE_INFINITY) {
    throw notFinite(layer);
  }
  layouts.update(y, layouts.bytes(shape, form));
}

/** Pooling of bytes in the layout where they lie; undefined where the library's rules differ from Caffe's. */
function bytePooling(
  layouts: Layouts,
  d: PoolingDescriptor,
  form: ByteForm,
  floats: PoolingOp,
): PoolingOp | undefined {
  const window = d.method === "STOCHASTIC" ? undefined : poolingWindowOf(d);
  if (!window || d.batch * d.channels === 0) return undefined;
  const src = layouts.bytes([d.batch, d.channels, ...d.input], form);
  const primitive = layouts.addon.poolingForward(window, src);
  const dst = layouts.bytes(window.dst, form, primitive.layouts.dst);
  return {
    ...floats,
    forward(x, y, extra) {
      if (extra?.mask) {
        floats.forward(x, y, extra);
        return;
      }
      layouts.ran.add(primitive.implementation);
      layouts.run(primitive, [layouts.read(x, src), layouts.write(y, dst)]);
    },
  };
}

/** Bytes in a float. */
const IN_FLOAT = 4;

/** Joins channels of bytes that lie last, some at once; undefined where they do not come in such numbers. */
function byteConcat(layouts: Layouts, d: ConcatDescriptor, form: ByteForm): ConcatOp | undefined {
  const whole = joinedShape(d);
  const channels = d.shapes.map((shape) => shape[1] ?? 0);
  const areWhole = channels.every((count) => count % IN_FLOAT === 0);
  if (d.axis !== 1 || whole.length < 3 || whole.length > 5 || !areWhole) return undefined;
  if (countOf(whole) === 0) return undefined;
  const from: readonly Layout[] = d.shapes.map((shape) => layouts.bytes(shape, form));
  const to = layouts.bytes(whole, form);
  const outer = countOf(whole) / (whole[1] as number);
  const sizes = channels.map((count) => count / IN_FLOAT);
  return {
    forward(xs, y) {
      const sources = xs.map((x, k) => layouts.read(x, from[k]!));
      layouts.addon.join(outer, sizes, sources, layouts.write(y, to));
    },
    backward() {},
  };
}
