import type { PoolingDescriptor, PoolingOp } from "../engine.ts";
import { windowsOf } from "./pooling-windows.ts";
import { stochasticPooling } from "./stochastic-pooling.ts";

/** Pooling plane by plane. MAX: the first of equal values wins, and takes the whole gradient. */
export function referencePooling(d: PoolingDescriptor): PoolingOp {
  if (d.method === "STOCHASTIC") return stochasticPooling(d, windowsOf(d));
  const planes = d.batch * d.channels;
  const [inH, inW] = d.input;
  const inSize = inH * inW;
  const windows = windowsOf(d);
  const argmax = new Int32Array(d.method === "MAX" ? planes * windows.length : 0);

  if (d.method === "MAX") {
    return {
      forward(xMem, yMem, { mask: maskMem } = {}) {
        const [x, y, mask] = [xMem.cpu(), yMem.overwriteCpu(), maskMem?.overwriteCpu()];
        for (let p = 0, at = 0; p < planes; p++) {
          for (const { h0, h1, w0, w1 } of windows) {
            let best = Number.NEGATIVE_INFINITY;
            let from = -1;
            for (let h = h0; h < h1; h++) {
              for (let w = w0; w < w1; w++) {
                const value = x[p * inSize + h * inW + w]!;
                if (value > best) {
                  best = value;
                  from = h * inW + w;
                }
              }
            }
            y[at] = from < 0 ? -3.4028234663852886e38 : best;
            argmax[at] = from;
            if (mask) mask[at] = from;
            at++;
          }
        }
      },
      backward(_x, dyMem, dxMem) {
        const [dy, dx] = [dyMem.cpu(), dxMem.overwriteCpu()];
        dx.fill(0, 0, planes * inSize);
        for (let p = 0, at = 0; p < planes; p++) {
          for (let i = 0; i < windows.length; i++, at++) {
            const from = argmax[at]!;
            if (from >= 0) dx[p * inSize + from]! += dy[at]!;
          }
        }
      },
    };
  }
  return {
    forward(xMem, yMem) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      for (let p = 0, at = 0; p < planes; p++) {
        for (const { h0, h1, w0, w1, area } of windows) {
          let sum = 0;
          for (let h = h0; h < h1; h++) {
            for (let w = w0; w < w1; w++) sum += x[p * inSize + h * inW + w]!;
          }
          y[at++] = sum / area;
        }
      }
    },
    backward(_x, dyMem, dxMem) {
      const [dy, dx] = [dyMem.cpu(), dxMem.overwriteCpu()];
      dx.fill(0, 0, planes * inSize);
      for (let p = 0, at = 0; p < planes; p++) {
        for (const { h0, h1, w0, w1, area } of windows) {
          const share = dy[at++]! / area;
          for (let h = h0; h < h1; h++) {
            for (let w = w0; w < w1; w++) dx[p * inSize + h * inW + w]! += share;
          }
        }
      }
    },
  };
}
