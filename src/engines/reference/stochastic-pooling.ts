import type { FloatArray } from "../../util/arrays.ts";
import { randomBits } from "../../util/random-bits.ts";
import type { PoolingDescriptor, PoolingOp } from "../engine.ts";
import type { Window } from "./pooling-windows.ts";

/**
 * Pooling by chance: values that are 0 or more are probabilities.
 *
 *     with a key     y = one x of the window, drawn with probability x / Σ x; it takes the gradient
 *     without        y = Σ x² / Σ x, the mean of what would be drawn; 0 where Σ x is 0 or less
 *
 * NaN is always drawn, and is the mean of its window.
 *
 * @see Zeiler & Fergus, ICLR 2013
 */
export function stochasticPooling(d: PoolingDescriptor, windows: readonly Window[]): PoolingOp {
  const planes = d.batch * d.channels;
  const [inH, inW] = d.input;
  const drawn = new Int32Array(planes * windows.length);
  let isDrawn = false;
  const sums = (x: FloatArray, plane: number, window: Window): [number, number] => {
    let [sum, squares] = [0, 0];
    for (let h = window.h0; h < window.h1; h++) {
      for (let w = window.w0; w < window.w1; w++) {
        const value = x[plane + h * inW + w]!;
        sum += value;
        squares += value * value;
      }
    }
    return [sum, squares];
  };
  /** Where the running sum of a window reaches `threshold`, or is no number. */
  const draw = (
    x: FloatArray,
    plane: number,
    { h0, h1, w0, w1 }: Window,
    threshold: number,
  ): number => {
    let running = 0;
    for (let h = h0; h < h1; h++) {
      for (let w = w0; w < w1; w++) {
        running += x[plane + h * inW + w]!;
        if (running >= threshold || Number.isNaN(running)) return plane + h * inW + w;
      }
    }
    return plane + (h1 - 1) * inW + w1 - 1;
  };
  return {
    forward(xMem, yMem, { key } = {}) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      isDrawn = key !== undefined;
      for (let p = 0, at = 0; p < planes; p++) {
        const plane = p * inH * inW;
        for (const window of windows) {
          const [sum, squares] = sums(x, plane, window);
          if (key) {
            drawn[at] = draw(x, plane, window, (randomBits(key, at) / 2 ** 32) * sum);
            y[at] = x[drawn[at]!]!;
          } else y[at] = sum <= 0 ? 0 : squares / sum;
          at++;
        }
      }
    },
    backward(xMem, dyMem, dxMem) {
      const [x, dy, dx] = [xMem.cpu(), dyMem.cpu(), dxMem.overwriteCpu()];
      dx.fill(0, 0, planes * inH * inW);
      for (let p = 0, at = 0; p < planes; p++) {
        const plane = p * inH * inW;
        for (const window of windows) {
          if (isDrawn) dx[drawn[at]!]! += dy[at]!;
          else {
            const [sum, squares] = sums(x, plane, window);
            for (let h = window.h0; h < window.h1 && !(sum <= 0); h++) {
              for (let w = window.w0; w < window.w1; w++) {
                const i = plane + h * inW + w;
                dx[i]! += (dy[at]! * (2 * x[i]! - squares / sum)) / sum;
              }
            }
          }
          at++;
        }
      }
    },
  };
}
