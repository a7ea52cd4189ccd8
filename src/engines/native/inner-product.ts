import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { InnerProductDescriptor, LinearOp } from "../engine.ts";
import { BlockedProduct } from "./blocked-product.ts";
import type { Buffer } from "./buffer.ts";
import { FactoredGradient } from "./factored-gradient.ts";
import type { Layouts } from "./layouts.ts";
import { type Rectified, rectifiedOf } from "./post-ops.ts";
import type { Tuner } from "./tuner.ts";

/** Which product goes forward: of matrices, one pass over the weights' rows, or the library's with weights in its own layout. */
type Way = "sgemm" | "rows" | "blocked";

/** Weights that a trial is worth, of several samples and of one, and the most samples that rows of them may be multiplied with as they lie. */
const LARGE = 1e6;
const LARGE_FOR_ONE = 1e5;
const FEW = 64;
/** Rows that lie in one block at most. */
const LINES = 64;
/** The most weights that a trial multiplies by: more than caches hold, and less than a copy of all takes. */
const TRIED = 12e6;

/** Three matrix products over plain memory, a rectifier and dropout behind the first; the second operand of a sum starts as what is there (beta = 1). */
export function nativeInnerProduct(
  layouts: Layouts,
  tuner: Tuner,
  d: InnerProductDescriptor,
): LinearOp {
  const { addon } = layouts;
  const m = d.input[0] ?? 1;
  const k = countOf(d.input, 1);
  const n = d.outputs;
  const x = layouts.plain([m, k]);
  const y = layouts.plain([m, n]);
  const w = layouts.plain(d.transpose ? [k, n] : [n, k]);
  const bias = layouts.plain([n]);
  const ldw = d.transpose ? n : k;
  // sgemm is made for many samples: with few it reads the weights several times.
  const isSlim = !d.transpose && m <= FEW && n * k >= LARGE;
  // One sample's products are sums that sgemm takes longer to begin with than to compute.
  const isOne = m === 1 && !d.transpose;
  const mayBeRows = isOne ? n * k >= LARGE_FOR_ONE : isSlim;
  const ways: readonly Way[] = [
    isOne && !mayBeRows ? "rows" : "sgemm",
    ...(mayBeRows ? ["rows" as const] : []),
    ...(isSlim && d.isForwardOnly ? ["blocked" as const] : []),
  ];
  const trial = `inner product ${m}x${k} by ${n}${d.isForwardOnly ? ", weights in any layout" : ""}`;
  let way: Way | undefined;
  const blocked = new BlockedProduct(layouts, m, k, n, d.hasBias);
  const multiply = (way: Way, a: Buffer, b: Buffer, beta: 0 | 1, c: Buffer, outputs = n): void => {
    if (way === "rows") addon.rowProducts(m, outputs, k, a, b, beta === 1, c);
    else addon.gemm(false, !d.transpose, m, outputs, k, 1, a, k, b, ldw, beta, c);
  };
  const tried = n * k > TRIED ? Math.min(n, LINES * Math.ceil(TRIED / k / LINES)) : n;
  /** By a trial of the first outputs, all where there are not many weights. */
  const choose = (input: Buffer, wMem: SyncedMem, shifts: Buffer | undefined, out: Buffer): Way => {
    const part = new BlockedProduct(layouts, m, k, tried, d.hasBias).tried(
      input,
      wMem,
      shifts,
      out,
    );
    const chosen = tuner.choose(
      trial,
      ways,
      (name) => {
        const way = name as Way;
        const plain = (): void => multiply(way, input, layouts.lookAt(wMem), 0, out, tried);
        return { way, run: way === "blocked" ? part.run : plain };
      },
      ({ run }) => run(),
    );
    part.end();
    return chosen.way;
  };
  return {
    accepts: (posts) => rectifiedOf(posts) !== undefined,
    forward(xMem, wMem, bMem, yMem, posts = []) {
      const out = layouts.write(yMem, y);
      const input = layouts.read(xMem, x);
      const shifts = bMem && layouts.read(bMem, bias);
      way ??= choose(input, wMem, shifts, out);
      if (way === "blocked") blocked.forward(input, wMem, shifts, out);
      else {
        if (shifts) addon.fillRows(m, n, shifts, out);
        multiply(way, input, layouts.lookAt(wMem), shifts ? 1 : 0, out);
      }
      layouts.ran.add(way);
      if (posts.length === 0) return;
      const { slope, ratio, key } = rectifiedOf(posts) as Rectified;
      addon.dropout(1, m, n, 1, ratio, ...key, slope, out, out);
    },
    backwardData(dyMem, wMem, dxMem) {
      layouts.ran.add("input sgemm");
      addon.gemm(
        false,
        d.transpose,
        m,
        k,
        n,
        1,
        layouts.read(dyMem, y),
        n,
        layouts.read(wMem, w),
        ldw,
        0,
        layouts.write(dxMem, x),
      );
    },
    backwardWeights(xMem, dyMem, dwMem, dbMem) {
      layouts.ran.add("weights sgemm");
      const dy = layouts.read(dyMem, y);
      if (dwMem) {
        // dW = aᵀ · b
        const input = layouts.read(xMem, x);
        const [a, b] = d.transpose ? [input, dy] : [dy, input];
        const [rows, columns] = d.transpose ? [k, n] : [n, k];
        const shape = { batch: m, rows, columns, type: "f32" as const };
        if (dwMem.isReadOnce && dwMem.isZero && FactoredGradient.pays(shape)) {
          FactoredGradient.write(layouts, dwMem, shape, a, b);
        } else {
          const beta = dwMem.isZero ? 0 : 1;
          const dw = beta === 0 ? layouts.write(dwMem, w) : layouts.update(dwMem, w);
          addon.gemm(true, false, rows, columns, m, 1, a, rows, b, columns, beta, dw);
        }
      }
      if (dbMem) addon.addRows(m, n, dy, layouts.update(dbMem, bias));
    },
  };
}
