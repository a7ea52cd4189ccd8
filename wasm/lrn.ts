// Local response normalisation across channels: s = k + α/n · Σ x² over the neighbours, y = x · s^−β.

/** scale = k + share · Σ x² over `half` channels to each side; `squares` is memory to work in. */
export function lrnScale(
  images: i32,
  channels: i32,
  inner: i32,
  half: i32,
  k: f32,
  share: f32,
  x: usize,
  squares: usize,
  scale: usize,
): void {
  const n = images * channels * inner;
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    const v = v128.load(x + i);
    v128.store(squares + i, f32x4.mul(v, v));
  }
  windowSums(images, channels, inner, half, squares, scale);
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    v128.store(scale + i, f32x4.add(f32x4.splat(k), f32x4.mul(f32x4.splat(share), v128.load(scale + i))));
  }
}

/** y = x · s^−β. */
export function lrnForward(n: i32, beta: f32, x: usize, scale: usize, y: usize): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    v128.store(y + i, f32x4.mul(v128.load(x + i), power(v128.load(scale + i), beta)));
  }
}

/** dx = dy · s^−β − factor · x · Σ (dy · y / s); `ratios` and `sums` are memory to work in. */
export function lrnBackward(
  images: i32,
  channels: i32,
  inner: i32,
  half: i32,
  beta: f32,
  factor: f32,
  x: usize,
  y: usize,
  scale: usize,
  dy: usize,
  ratios: usize,
  sums: usize,
  dx: usize,
): void {
  const size = <usize>(images * channels * inner) << 2;
  for (let i: usize = 0; i < size; i += 16) {
    v128.store(ratios + i, f32x4.div(f32x4.mul(v128.load(dy + i), v128.load(y + i)), v128.load(scale + i)));
  }
  windowSums(images, channels, inner, half, ratios, sums);
  for (let i: usize = 0; i < size; i += 16) {
    const straight = f32x4.mul(v128.load(dy + i), power(v128.load(scale + i), beta));
    const along = f32x4.mul(f32x4.mul(f32x4.splat(factor), v128.load(x + i)), v128.load(sums + i));
    v128.store(dx + i, f32x4.sub(straight, along));
  }
}

/** Σ of v over the channels around each element. */
function windowSums(images: i32, channels: i32, inner: i32, half: i32, v: usize, to: usize): void {
  const step = <usize>inner << 2;
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      const first = v + <usize>max(c - half, 0) * step;
      const last = v + <usize>min(c + half, channels - 1) * step;
      const into = to + <usize>c * step;
      let i: usize = 0;
      for (; i + 16 <= step; i += 16) {
        let total = f32x4.splat(0);
        for (let at = first + i; at <= last + i; at += step) total = f32x4.add(total, v128.load(at));
        v128.store(into + i, total);
      }
      for (; i < step; i += 4) {
        let total: f32 = 0;
        for (let at = first + i; at <= last + i; at += step) total += load<f32>(at);
        store<f32>(into + i, total);
      }
    }
    v += <usize>channels * step;
    to += <usize>channels * step;
  }
}

/** s^−β: by roots where β is Caffe's 0.75. */
// @ts-ignore: decorator
@inline
function power(s: v128, beta: f32): v128 {
  if (beta == 0.75) {
    const root = f32x4.sqrt(s);
    return f32x4.div(f32x4.splat(1), f32x4.mul(root, f32x4.sqrt(root)));
  }
  let result = f32x4.splat(Mathf.pow(f32x4.extract_lane(s, 0), -beta));
  result = f32x4.replace_lane(result, 1, Mathf.pow(f32x4.extract_lane(s, 1), -beta));
  result = f32x4.replace_lane(result, 2, Mathf.pow(f32x4.extract_lane(s, 2), -beta));
  return f32x4.replace_lane(result, 3, Mathf.pow(f32x4.extract_lane(s, 3), -beta));
}
