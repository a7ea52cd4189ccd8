import type { UnpoolingDescriptor, UnpoolingOp } from "../engine.ts";

/** Maxima back to their places, element by element. */
export function referenceUnpooling(d: UnpoolingDescriptor): UnpoolingOp {
  const [plane, size] = [d.input[0] * d.input[1], d.output[0] * d.output[1]];
  const planes = d.batch * d.channels;
  return {
    forward(xMem, maskMem, yMem) {
      const [x, mask, y] = [xMem.cpu(), maskMem.cpu(), yMem.overwriteCpu()];
      y.fill(0, 0, planes * size);
      for (let i = 0; i < planes * plane; i++) {
        const at = Math.trunc(mask[i]!);
        if (!(at >= 0 && at < size)) return i;
        y[Math.floor(i / plane) * size + at] = x[i]!;
      }
      return -1;
    },
    backward(dyMem, maskMem, dxMem) {
      const [dy, mask, dx] = [dyMem.cpu(), maskMem.cpu(), dxMem.overwriteCpu()];
      for (let i = 0; i < planes * plane; i++) {
        dx[i] = dy[Math.floor(i / plane) * size + Math.trunc(mask[i]!)]!;
      }
    },
  };
}
