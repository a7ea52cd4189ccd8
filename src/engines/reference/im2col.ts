import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor, CopyOp } from "../engine.ts";
import { windowOffsets } from "../window-offsets.ts";

/** Unfolds windows into columns plane by plane; backward folds them up again. */
export function referenceIm2col(d: ConvolutionDescriptor): CopyOp {
  const offsets = windowOffsets(d);
  const size = countOf(d.input);
  const planes = d.batch * d.inputChannels;
  return {
    forward(xMem, yMem) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      for (let p = 0, at = 0; p < planes; p++) {
        for (let e = 0; e < offsets.length; e++, at++) {
          const offset = offsets[e]!;
          y[at] = offset < 0 ? 0 : x[p * size + offset]!;
        }
      }
    },
    backward(dyMem, dxMem) {
      const [dy, dx] = [dyMem.cpu(), dxMem.overwriteCpu()];
      dx.fill(0, 0, planes * size);
      for (let p = 0, at = 0; p < planes; p++) {
        for (let e = 0; e < offsets.length; e++, at++) {
          const offset = offsets[e]!;
          if (offset >= 0) dx[p * size + offset]! += dy[at]!;
        }
      }
    },
  };
}
