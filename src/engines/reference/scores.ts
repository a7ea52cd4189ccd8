import type { FloatArray } from "../../util/arrays.ts";
import { aroundAxis } from "../../util/shape.ts";
import type { AccuracyDescriptor, AccuracyOp, ArgMaxDescriptor, ArgMaxOp } from "../engine.ts";

/**
 * A score equal to the label's counts against it, so that outputs which are all the same are right nowhere; nor is a
 * label whose score is NaN.
 */
export function referenceAccuracy(d: AccuracyDescriptor): AccuracyOp {
  const [outer, classes, inner] = aroundAxis(d.shape, d.axis);
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  return {
    forward(xMem, labelMem, accuracyMem, perClassMem) {
      const [x, label] = [xMem.cpu(), labelMem.cpu()];
      const right = new Float64Array(classes);
      const seen = new Float64Array(classes);
      for (let at = 0; at < outer * inner; at++) {
        const l = Math.trunc(label[at]!);
        if (l === d.ignoreLabel) continue;
        const from = Math.floor(at / inner) * classes * inner + (at % inner);
        const own = x[from + l * inner]!;
        let better = 0;
        for (let c = 0; c < classes && better < d.topK; c++) {
          if (c !== l && x[from + c * inner]! >= own) better++;
        }
        seen[l]!++;
        if (better < d.topK && !Number.isNaN(own)) right[l]!++;
      }
      const counted = sum(seen);
      accuracyMem.overwriteCpu()[0] = counted === 0 ? 0 : sum(right) / counted;
      const each = perClassMem?.overwriteCpu();
      for (let c = 0; c < classes && each; c++) each[c] = seen[c] ? right[c]! / seen[c]! : 0;
    },
  };
}

/** Keeps the best so far in order, row by row. */
export function referenceArgMax({ outer, length, inner, topK, wants }: ArgMaxDescriptor): ArgMaxOp {
  const best = new Int32Array(topK);
  /** The indices of the greatest values of a row that begins at `from`. */
  const findBest = (x: FloatArray, from: number): void => {
    const at = (c: number): number => x[from + c * inner]!;
    let found = 0;
    for (let c = 0; c < length; c++) {
      const value = at(c);
      if (found === topK && value < at(best[topK - 1]!)) continue;
      let rank = found < topK ? found++ : topK - 1;
      for (; rank > 0 && at(best[rank - 1]!) <= value; rank--) best[rank] = best[rank - 1]!;
      best[rank] = c;
    }
  };
  return {
    forward(xMem, yMem) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      for (let row = 0; row < outer * inner; row++) {
        const [o, i] = [Math.floor(row / inner), row % inner];
        const from = o * length * inner + i;
        findBest(x, from);
        for (let j = 0; j < topK; j++) {
          const value = x[from + best[j]! * inner]!;
          if (wants === "both") {
            y[2 * row * topK + j] = best[j]!;
            y[(2 * row + 1) * topK + j] = value;
          } else y[(o * topK + j) * inner + i] = wants === "values" ? value : best[j]!;
        }
      }
    },
  };
}
