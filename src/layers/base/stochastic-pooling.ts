import type { PoolingDescriptor, PoolingOp } from "../../engines/engine.ts";
import { windowsOf } from "../../engines/reference/pooling.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Random } from "../../util/random.ts";

/**
 * Pooling by chance: values that are 0 or more are probabilities.
 *
 *     TRAIN  y = one x of the window, drawn with probability x / Σ x; it takes the gradient
 *     TEST   y = Σ x² / Σ x, the mean of what would be drawn
 *
 * @see Zeiler & Fergus, ICLR 2013
 */
export function stochasticPooling(d: PoolingDescriptor, random: Random | undefined): PoolingOp {
  const planes = d.batch * d.channels;
  const [inH, inW] = d.input;
  const windows = windowsOf(d);
  const drawn = new Int32Array(random ? planes * windows.length : 0);
  let input: FloatArray = new Float32Array(0);
  const sums = (
    x: FloatArray,
    plane: number,
    window: (typeof windows)[number],
  ): [number, number] => {
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
  /** Where the running sum of a window reaches `threshold`. */
  const draw = (
    plane: number,
    { h0, h1, w0, w1 }: (typeof windows)[number],
    threshold: number,
  ): number => {
    let running = 0;
    for (let h = h0; h < h1; h++) {
      for (let w = w0; w < w1; w++) {
        running += input[plane + h * inW + w]!;
        if (running >= threshold) return plane + h * inW + w;
      }
    }
    return plane + (h1 - 1) * inW + w1 - 1;
  };
  return {
    forward(xMem, yMem) {
      const y = yMem.overwriteCpu();
      input = xMem.cpu();
      for (let p = 0, at = 0; p < planes; p++) {
        const plane = p * inH * inW;
        for (const window of windows) {
          const [sum, squares] = sums(input, plane, window);
          if (random) {
            drawn[at] = draw(plane, window, random.uniform(0, 1) * sum);
            y[at] = input[drawn[at]!]!;
          } else y[at] = sum > 0 ? squares / sum : 0;
          at++;
        }
      }
    },
    backward(dyMem, dxMem) {
      const [dy, dx] = [dyMem.cpu(), dxMem.overwriteCpu()];
      dx.fill(0, 0, planes * inH * inW);
      for (let p = 0, at = 0; p < planes; p++) {
        const plane = p * inH * inW;
        for (const window of windows) {
          if (random) dx[drawn[at]!]! += dy[at]!;
          else {
            const [sum, squares] = sums(input, plane, window);
            for (let h = window.h0; h < window.h1 && sum > 0; h++) {
              for (let w = window.w0; w < window.w1; w++) {
                const i = plane + h * inW + w;
                dx[i]! += (dy[at]! * (2 * input[i]! - squares / sum)) / sum;
              }
            }
          }
          at++;
        }
      }
    },
  };
}
