import { countOf } from "../../util/shape.ts";
import type { InnerProductDescriptor, InnerProductOp } from "../engine.ts";
import { FactoredGradient } from "./factored-gradient.ts";
import type { Places } from "./places.ts";

/** Three matrix products over plain memory; the second operand of a sum starts as what is there (beta = 1). */
export function nativeInnerProduct(places: Places, d: InnerProductDescriptor): InnerProductOp {
  const { addon } = places;
  const m = d.input[0] ?? 1;
  const k = countOf(d.input, 1);
  const n = d.outputs;
  const x = places.plain([m, k]);
  const y = places.plain([m, n]);
  const w = places.plain(d.transpose ? [k, n] : [n, k]);
  const bias = places.plain([n]);
  const ldw = d.transpose ? n : k;
  return {
    accepts: () => false,
    forward(xMem, wMem, bMem, yMem) {
      places.ran.add("sgemm");
      const out = places.write(yMem, y);
      if (bMem) addon.fillRows(m, n, places.read(bMem, bias), out);
      addon.gemm(
        false,
        !d.transpose,
        m,
        n,
        k,
        1,
        places.read(xMem, x),
        k,
        places.read(wMem, w),
        ldw,
        bMem ? 1 : 0,
        out,
      );
    },
    backwardData(dyMem, wMem, dxMem) {
      places.ran.add("input sgemm");
      addon.gemm(
        false,
        d.transpose,
        m,
        k,
        n,
        1,
        places.read(dyMem, y),
        n,
        places.read(wMem, w),
        ldw,
        0,
        places.write(dxMem, x),
      );
    },
    backwardWeights(xMem, dyMem, dwMem, dbMem) {
      places.ran.add("weights sgemm");
      const dy = places.read(dyMem, y);
      if (dwMem) {
        // dW = aᵀ · b
        const input = places.read(xMem, x);
        const [a, b] = d.transpose ? [input, dy] : [dy, input];
        const [rows, columns] = d.transpose ? [k, n] : [n, k];
        const shape = { batch: m, rows, columns };
        if (dwMem.isReadOnce && dwMem.isZero && FactoredGradient.pays(shape)) {
          FactoredGradient.write(places, dwMem, shape, a, b);
        } else {
          const beta = dwMem.isZero ? 0 : 1;
          const dw = beta === 0 ? places.write(dwMem, w) : places.update(dwMem, w);
          addon.gemm(true, false, rows, columns, m, 1, a, rows, b, columns, beta, dw);
        }
      }
      if (dbMem) addon.addRows(m, n, dy, places.update(dbMem, bias));
    },
  };
}
