import type {
  LSTMUnitDescriptor,
  LSTMUnitOp,
  MVNDescriptor,
  MVNOp,
  ReductionDescriptor,
  ReductionOp,
} from "../engine.ts";
import type { Layouts } from "./layouts.ts";

/** Σ x, |x| or x² of each row. */
export function nativeReduction(layouts: Layouts, d: ReductionDescriptor): ReductionOp {
  const { addon } = layouts;
  const { operation, outer, inner } = d;
  const kind = operation === "ASUM" ? 1 : operation === "SUMSQ" ? 2 : 0;
  const coeff = operation === "MEAN" ? d.coeff / inner : d.coeff;
  const [rows, sums] = [layouts.plain([outer, inner]), layouts.plain([outer])];
  return {
    forward(x, y) {
      addon.reduce(kind, outer, inner, coeff, layouts.read(x, rows), layouts.write(y, sums));
    },
    backward(x, dy, dx) {
      const [from, slopes] = [layouts.read(x, rows), layouts.read(dy, sums)];
      addon.reduceBackward(kind, outer, inner, coeff, from, slopes, layouts.write(dx, rows));
    },
  };
}

/** Each row normalised by itself. */
export function nativeMVN(layouts: Layouts, d: MVNDescriptor): MVNOp {
  const { addon } = layouts;
  const { rows, size, normalizeVariance, eps } = d;
  const layout = layouts.plain([rows, size]);
  const scales = new Float32Array(rows);
  return {
    forward(x, y) {
      const from = layouts.read(x, layout);
      addon.mvnForward(rows, size, normalizeVariance, eps, from, layouts.write(y, layout), scales);
    },
    backward(y, dy, dx) {
      const [value, gradient] = [layouts.read(y, layout), layouts.read(dy, layout)];
      const to = layouts.write(dx, layout);
      addon.mvnBackward(rows, size, normalizeVariance, value, gradient, scales, to);
    },
  };
}

/** One step of a long short-term memory. */
export function nativeLSTMUnit(layouts: Layouts, d: LSTMUnitDescriptor): LSTMUnitOp {
  const { addon } = layouts;
  const { batch, hidden } = d;
  const [state, four, streams] = [
    layouts.plain([batch, hidden]),
    layouts.plain([batch, 4 * hidden]),
    layouts.plain([batch]),
  ];
  const values = new Float32Array(4 * batch * hidden);
  return {
    forward(before, gates, cont, c, h) {
      addon.lstmForward(
        batch,
        hidden,
        layouts.read(before, state),
        layouts.read(gates, four),
        layouts.read(cont, streams),
        layouts.write(c, state),
        layouts.write(h, state),
        values,
      );
    },
    backward(before, _gates, cont, c, _h, dc, dh, dBefore, dGates) {
      addon.lstmBackward(
        batch,
        hidden,
        layouts.read(before, state),
        layouts.read(cont, streams),
        layouts.read(c, state),
        values,
        layouts.read(dc, state),
        layouts.read(dh, state),
        layouts.write(dBefore, state),
        layouts.write(dGates, four),
      );
    },
  };
}
