import type { MVNDescriptor, MVNOp } from "../engine.ts";

/**
 *     y  = (x − mean) / (σ + eps)
 *     dx = (dy − mean(dy) − y · mean(dy · y)) / (σ + eps)
 *
 * row by row; without the variance nothing is divided, and the last term is absent.
 */
export function referenceMVN({ rows, size, normalizeVariance, eps }: MVNDescriptor): MVNOp {
  const scales = new Float64Array(rows);
  return {
    forward(xMem, yMem) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      for (let r = 0; r < rows; r++) {
        const [begin, end] = [r * size, (r + 1) * size];
        let sum = 0;
        for (let i = begin; i < end; i++) sum += x[i]!;
        const mean = sum / size;
        let squares = 0;
        for (let i = begin; i < end; i++) squares += (x[i]! - mean) ** 2;
        const scale = normalizeVariance ? 1 / (Math.sqrt(squares / size) + eps) : 1;
        scales[r] = scale;
        for (let i = begin; i < end; i++) y[i] = (x[i]! - mean) * scale;
      }
    },
    backward(yMem, dyMem, dxMem) {
      const [y, dy, dx] = [yMem.cpu(), dyMem.cpu(), dxMem.overwriteCpu()];
      for (let r = 0; r < rows; r++) {
        const [begin, end] = [r * size, (r + 1) * size];
        let [sum, dot] = [0, 0];
        for (let i = begin; i < end; i++) {
          sum += dy[i]!;
          dot += dy[i]! * y[i]!;
        }
        const mean = sum / size;
        for (let i = begin; i < end; i++) {
          const along = normalizeVariance ? (y[i]! * dot) / size : 0;
          dx[i] = (dy[i]! - mean - along) * scales[r]!;
        }
      }
    },
  };
}
