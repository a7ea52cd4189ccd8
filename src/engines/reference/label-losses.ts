import { aroundAxis } from "../../util/shape.ts";
import type {
  InfogainLossDescriptor,
  InfogainLossOp,
  LabelLossOp,
  MultinomialLossDescriptor,
} from "../engine.ts";

/** Probabilities count as at least this. */
const LEAST = 1e-20;

/** −log of the label's probability. */
export function referenceMultinomialLoss(d: MultinomialLossDescriptor): LabelLossOp {
  const { batch, classes } = d;
  return {
    forward(pMem, labelMem, scale, lossMem) {
      const [p, label] = [pMem.cpu(), labelMem.cpu()];
      let sum = 0;
      for (let n = 0; n < batch; n++) {
        sum -= Math.log(Math.max(p[n * classes + Math.trunc(label[n]!)]!, LEAST));
      }
      lossMem.overwriteCpu()[0] = scale * sum;
    },
    backward(pMem, labelMem, scale, dpMem) {
      const [p, label, dp] = [pMem.cpu(), labelMem.cpu(), dpMem.overwriteCpu()];
      dp.fill(0, 0, batch * classes);
      for (let n = 0; n < batch; n++) {
        const at = n * classes + Math.trunc(label[n]!);
        dp[at] = -scale / Math.max(p[at]!, LEAST);
      }
    },
  };
}

/** Every class's log probability, by what the matrix's row of the label says it is worth. */
export function referenceInfogainLoss(d: InfogainLossDescriptor): InfogainLossOp {
  const [outer, classes, inner] = aroundAxis(d.shape, d.axis);
  return {
    forward(pMem, labelMem, hMem, scale, lossMem) {
      const [p, label, h] = [pMem.cpu(), labelMem.cpu(), hMem.cpu()];
      let sum = 0;
      for (let at = 0; at < outer * inner; at++) {
        const l = Math.trunc(label[at]!);
        if (l === d.ignoreLabel) continue;
        const from = Math.floor(at / inner) * classes * inner + (at % inner);
        for (let c = 0; c < classes; c++) {
          sum -= h[l * classes + c]! * Math.log(Math.max(p[from + c * inner]!, LEAST));
        }
      }
      lossMem.overwriteCpu()[0] = scale * sum;
    },
    backward(pMem, labelMem, hMem, scale, dxMem) {
      const [p, label, h] = [pMem.cpu(), labelMem.cpu(), hMem.cpu()];
      const dx = dxMem.overwriteCpu();
      for (let at = 0; at < outer * inner; at++) {
        const l = Math.trunc(label[at]!);
        const isCounted = l !== d.ignoreLabel;
        const from = Math.floor(at / inner) * classes * inner + (at % inner);
        let row = 0;
        for (let c = 0; c < classes && isCounted; c++) row += h[l * classes + c]!;
        for (let c = 0; c < classes; c++) {
          const i = from + c * inner;
          dx[i] = isCounted ? scale * (p[i]! * row - h[l * classes + c]!) : 0;
        }
      }
    },
  };
}
