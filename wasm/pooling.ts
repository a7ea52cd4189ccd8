// Pooling plane by plane, with Caffe's windows: clipped to the input, and for the mean's divisor to the padded input.

/** y = the first of the greatest elements of each window, `index` its place in the plane, −1 where there is none. */
export function maxPool(
  planes: i32,
  inH: i32,
  inW: i32,
  outH: i32,
  outW: i32,
  kernelH: i32,
  kernelW: i32,
  strideH: i32,
  strideW: i32,
  padH: i32,
  padW: i32,
  x: usize,
  y: usize,
  index: usize,
): void {
  for (let p = 0; p < planes; p++, x += <usize>(inH * inW) << 2) {
    for (let i = 0; i < outH; i++) {
      const top = i * strideH - padH;
      const h0 = max(top, 0);
      const h1 = min(top + kernelH, inH);
      for (let j = 0; j < outW; j++, y += 4, index += 4) {
        const left = j * strideW - padW;
        const w0 = max(left, 0);
        const w1 = min(left + kernelW, inW);
        let best: f32 = -Infinity;
        let from = -1;
        for (let h = h0; h < h1; h++) {
          const row = h * inW;
          for (let w = w0; w < w1; w++) {
            const value = load<f32>(x + (<usize>(row + w) << 2));
            const wins = value > best;
            best = wins ? value : best;
            from = wins ? row + w : from;
          }
        }
        store<f32>(y, from < 0 ? -f32.MAX_VALUE : best);
        store<i32>(index, from);
      }
    }
  }
}

/** dx = the sums of dy over the windows whose greatest element it is. */
export function maxPoolBackward(planes: i32, inSize: i32, outSize: i32, dy: usize, index: usize, dx: usize): void {
  memory.fill(dx, 0, <usize>(planes * inSize) << 2);
  for (let p = 0; p < planes; p++, dx += <usize>inSize << 2) {
    for (let i = 0; i < outSize; i++, dy += 4, index += 4) {
      const from = load<i32>(index);
      if (from < 0) continue;
      const to = dx + (<usize>from << 2);
      store<f32>(to, load<f32>(to) + load<f32>(dy));
    }
  }
}

/** Whole numbers as floats. */
export function toFloats(n: i32, numbers: usize, y: usize): void {
  for (const end = y + (<usize>n << 2); y < end; y += 16, numbers += 16) {
    v128.store(y, f32x4.convert_i32x4_s(v128.load(numbers)));
  }
}

/** y = the means of windows; backward, dx = the sums of windows' shares of dy (`y` is dy then, and `x` dx). */
export function meanPool(
  isBackward: bool,
  planes: i32,
  inH: i32,
  inW: i32,
  outH: i32,
  outW: i32,
  kernelH: i32,
  kernelW: i32,
  strideH: i32,
  strideW: i32,
  padH: i32,
  padW: i32,
  x: usize,
  y: usize,
): void {
  if (isBackward) memory.fill(x, 0, <usize>(planes * inH * inW) << 2);
  for (let p = 0; p < planes; p++, x += <usize>(inH * inW) << 2) {
    for (let i = 0; i < outH; i++) {
      const top = i * strideH - padH;
      const bottom = min(top + kernelH, inH + padH);
      for (let j = 0; j < outW; j++, y += 4) {
        const left = j * strideW - padW;
        const right = min(left + kernelW, inW + padW);
        const area = <f32>((bottom - top) * (right - left));
        const h1 = min(bottom, inH);
        const w0 = max(left, 0);
        const w1 = min(right, inW);
        const share = isBackward ? load<f32>(y) / area : 0;
        let total: f32 = 0;
        for (let h = max(top, 0); h < h1; h++) {
          for (let w = w0; w < w1; w++) {
            const at = x + (<usize>(h * inW + w) << 2);
            if (isBackward) store<f32>(at, load<f32>(at) + share);
            else total += load<f32>(at);
          }
        }
        if (!isBackward) store<f32>(y, total / area);
      }
    }
  }
}
