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
  // Floats from the first window's left edge that four windows read, side by side.
  const reach = strideW == 1 ? kernelW + 3 : ((kernelW - 1) & -2) + 8;
  const end = strideW > 2 ? -1 : inW - reach;
  for (let p = 0; p < planes; p++, x += <usize>(inH * inW) << 2) {
    for (let i = 0; i < outH; i++) {
      const top = i * strideH - padH;
      const h0 = max(top, 0);
      const h1 = min(top + kernelH, inH);
      for (let j = 0; j < outW; ) {
        const left = j * strideW - padW;
        if (j + 4 <= outW && left >= 0 && left <= end) {
          maxOfFour(h0, h1, left, left + kernelW, strideW, inW, x, y, index);
          j += 4;
          y += 16;
          index += 16;
          continue;
        }
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
        j++;
        y += 4;
        index += 4;
      }
    }
  }
}

/** The same of four windows beside each other, 1 or 2 columns apart, no column of which is outside. */
// @ts-ignore: decorator
@inline
function maxOfFour(h0: i32, h1: i32, w0: i32, w1: i32, stride: i32, inW: i32, x: usize, y: usize, index: usize): void {
  let best = f32x4.splat(-Infinity);
  let from = i32x4.splat(-1);
  for (let h = h0; h < h1; h++) {
    const row = h * inW;
    let at = x + (<usize>(row + w0) << 2);
    if (stride == 1) {
      let places = i32x4.add(i32x4.splat(row + w0), i32x4(0, 1, 2, 3));
      for (let w = w0; w < w1; w++, at += 4) {
        const values = v128.load(at);
        const wins = f32x4.gt(values, best);
        best = v128.bitselect(values, best, wins);
        from = v128.bitselect(places, from, wins);
        places = i32x4.add(places, i32x4.splat(1));
      }
      continue;
    }
    let places = i32x4.add(i32x4.splat(row + w0), i32x4(0, 2, 4, 6));
    for (let w = w0; w < w1; w += 2, at += 8) {
      const near = v128.load(at);
      const far = v128.load(at, 16);
      let values = v128.shuffle<f32>(near, far, 0, 2, 4, 6);
      let wins = f32x4.gt(values, best);
      best = v128.bitselect(values, best, wins);
      from = v128.bitselect(places, from, wins);
      places = i32x4.add(places, i32x4.splat(1));
      if (w + 1 < w1) {
        values = v128.shuffle<f32>(near, far, 1, 3, 5, 7);
        wins = f32x4.gt(values, best);
        best = v128.bitselect(values, best, wins);
        from = v128.bitselect(places, from, wins);
      }
      places = i32x4.add(places, i32x4.splat(1));
    }
  }
  v128.store(y, v128.bitselect(f32x4.splat(-f32.MAX_VALUE), best, i32x4.lt_s(from, i32x4.splat(0))));
  v128.store(index, from);
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
