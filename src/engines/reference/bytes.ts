import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import { withByteTops } from "../byte-tops.ts";
import type { Engine, LinearOp, PassedOn, PoolingOp } from "../engine.ts";
import {
  acceptsBytes,
  byteWayOutOf,
  factorsOf,
  joinedLines,
  outputScale,
} from "../ops/byte-products.ts";
import {
  type ByteForm,
  type BytesPlan,
  byteWeights,
  notFinite,
  toByte,
  weightScale,
  writeBytes,
} from "../ops/bytes.ts";

type Primitives = Pick<Engine, PassedOn>;

/** How the results of a product lie: outputs, and neighbouring elements of each. */
interface Products {
  readonly count: number;
  readonly outputs: number;
  readonly inner: number;
  readonly isTransposed: boolean;
}

/**
 * The primitives for a layer whose result is kept as bytes, or that multiplies bytes: products of whole numbers with exact sums,
 * rounded once as they are written. Arrays hold the floats that bytes stand for.
 */
export function bytesPrimitives(exact: Primitives, plan: BytesPlan): Primitives {
  const { output, followers } = plan;
  if (!output && !plan.input) return exact;
  const kept = output ? withByteTops(exact, followers, (y) => keep(y, output, plan.layer)) : exact;
  return {
    ...kept,
    convolution(d) {
      if (!plan.input) return kept.convolution(d);
      const inner = countOf(d.output);
      return byteProducts(exact.convolution(d), exact.convolution({ ...d, hasBias: false }), plan, {
        count: d.batch * d.outputChannels * inner,
        outputs: d.outputChannels,
        inner,
        isTransposed: false,
      });
    },
    innerProduct(d) {
      if (!plan.input) return kept.innerProduct(d);
      const sums = exact.innerProduct({ ...d, hasBias: false, transpose: false });
      return byteProducts(exact.innerProduct(d), sums, plan, {
        count: (d.input[0] ?? 1) * d.outputs,
        outputs: d.outputs,
        inner: 1,
        isTransposed: d.transpose,
      });
    },
    pooling(d) {
      const count = d.batch * d.channels * countOf(d.output);
      return output && d.method !== "STOCHASTIC"
        ? bytePooling(exact.pooling(d), count, output, plan.layer)
        : kept.pooling(d);
    },
  };
}

/** Rounds what an array holds to what bytes stand for. */
function keep(y: SyncedMem, form: ByteForm, layer: string): void {
  const values = y.mutableCpu();
  writeBytes(values, values, form, layer);
  const scale = Math.fround(form.scale);
  for (let i = 0; i < values.length; i++) values[i]! /= scale;
}

/** The bytes of an array as whole numbers, in twice as long ones: sums of their products are exact. */
function bytesOf(x: SyncedMem, form: ByteForm, layer: string): SyncedMem {
  const bytes = new SyncedMem(x.count, "f64");
  writeBytes(x.cpu(), bytes.overwriteCpu(), form, layer);
  return bytes;
}

/**
 * @param floats the product of floats, where lines behind it run by themselves
 * @param sums the product without a bias
 */
function byteProducts(
  floats: LinearOp,
  sums: LinearOp,
  plan: BytesPlan,
  { count, outputs, inner, isTransposed }: Products,
): LinearOp {
  const { layer, weights = [1] } = plan;
  const input = plan.input as ByteForm;
  return {
    ...floats,
    accepts: (posts) => acceptsBytes(posts, plan),
    forward(x, w, b, y, posts = []) {
      const out = byteWayOutOf(posts, plan);
      if (!out) {
        floats.forward(x, w, b, y, posts);
        return;
      }
      const { isWhole, lines, sum, slope, ceiling } = out;
      const { scale, shift } = joinedLines(outputs, b, lines);
      const form = isWhole ? plan.output : undefined;
      const factors = factorsOf(plan, outputs, isWhole);
      const result = new SyncedMem(count, "f64");
      const bytes = new SyncedMem(w.count, "f64");
      bytes
        .overwriteCpu()
        .set(
          byteWeights(
            w.cpu().subarray(0, w.count),
            outputs,
            weights,
            lines.length > 0 ? scale : undefined,
            isTransposed,
          ),
        );
      sums.forward(bytesOf(x, input, layer), bytes, undefined, result);
      const other = sum && bytesOf(sum.other, plan.other as ByteForm, layer).cpu();
      const of = outputScale(plan, isWhole);
      const ofOther = Math.fround(of / (plan.other?.scale ?? 1));
      const from = result.cpu();
      const to = y.overwriteCpu();
      for (let i = 0; i < count; i++) {
        const o = Math.floor(i / inner) % outputs;
        const bias = Math.fround(shift[o]! * input.scale * weightScale(weights, o));
        let value = Math.fround(Math.fround(from[i]! + bias) * factors[o]!);
        if (other) value = Math.fround(value + other[i]! * ofOther);
        if (value < 0 && !Number.isNaN(slope)) value *= slope;
        if (value > ceiling * of) value = ceiling * of;
        if (form && !Number.isFinite(value)) throw notFinite(layer);
        to[i] = form ? toByte(value, form.type) / Math.fround(form.scale) : value;
      }
      if (sum?.isSpent) sum.other.zero();
    },
  };
}

/** Maxima are bytes as they are; means are rounded. */
function bytePooling(op: PoolingOp, count: number, form: ByteForm, layer: string): PoolingOp {
  const scale = Math.fround(form.scale);
  return {
    ...op,
    forward(x, y, extra = {}) {
      const result = new SyncedMem(count, "f64");
      op.forward(bytesOf(x, form, layer), result, extra);
      const from = result.cpu();
      const to = y.overwriteCpu();
      for (let i = 0; i < count; i++) to[i] = toByte(from[i]!, form.type) / scale;
    },
  };
}
