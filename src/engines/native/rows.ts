import type {
  LSTMUnitDescriptor,
  LSTMUnitOp,
  MVNDescriptor,
  MVNOp,
  ReductionDescriptor,
  ReductionOp,
} from "../engine.ts";
import type { Places } from "./places.ts";

/** Σ x, |x| or x² of each row. */
export function nativeReduction(places: Places, d: ReductionDescriptor): ReductionOp {
  const { addon } = places;
  const { operation, outer, inner } = d;
  const kind = operation === "ASUM" ? 1 : operation === "SUMSQ" ? 2 : 0;
  const coeff = operation === "MEAN" ? d.coeff / inner : d.coeff;
  const [rows, sums] = [places.plain([outer, inner]), places.plain([outer])];
  return {
    forward(x, y) {
      addon.reduce(kind, outer, inner, coeff, places.read(x, rows), places.write(y, sums));
    },
    backward(x, dy, dx) {
      const [from, slopes] = [places.read(x, rows), places.read(dy, sums)];
      addon.reduceBackward(kind, outer, inner, coeff, from, slopes, places.write(dx, rows));
    },
  };
}

/** Each row normalised by itself. */
export function nativeMVN(places: Places, d: MVNDescriptor): MVNOp {
  const { addon } = places;
  const { rows, size, normalizeVariance, eps } = d;
  const layout = places.plain([rows, size]);
  const scales = new Float32Array(rows);
  return {
    forward(x, y) {
      const from = places.read(x, layout);
      addon.mvnForward(rows, size, normalizeVariance, eps, from, places.write(y, layout), scales);
    },
    backward(y, dy, dx) {
      const [value, gradient] = [places.read(y, layout), places.read(dy, layout)];
      const to = places.write(dx, layout);
      addon.mvnBackward(rows, size, normalizeVariance, value, gradient, scales, to);
    },
  };
}

/** One step of a long short-term memory. */
export function nativeLSTMUnit(places: Places, d: LSTMUnitDescriptor): LSTMUnitOp {
  const { addon } = places;
  const { batch, hidden } = d;
  const [state, four, streams] = [
    places.plain([batch, hidden]),
    places.plain([batch, 4 * hidden]),
    places.plain([batch]),
  ];
  const values = new Float32Array(4 * batch * hidden);
  return {
    forward(before, gates, cont, c, h) {
      addon.lstmForward(
        batch,
        hidden,
        places.read(before, state),
        places.read(gates, four),
        places.read(cont, streams),
        places.write(c, state),
        places.write(h, state),
        values,
      );
    },
    backward(before, _gates, cont, c, _h, dc, dh, dBefore, dGates) {
      addon.lstmBackward(
        batch,
        hidden,
        places.read(before, state),
        places.read(cont, streams),
        places.read(c, state),
        values,
        places.read(dc, state),
        places.read(dh, state),
        places.write(dBefore, state),
        places.write(dGates, four),
      );
    },
  };
}
