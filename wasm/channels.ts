// Arrays seen as (outer, channels, inner): lines and sums by channel, batch normalisation, softmax and its loss.
import { dot, spread, sum } from "./sums";

/** y = x · scale + bias by channel; `scale` or `bias` is 0 where there is none. In place is allowed. */
export function lines(outer: i32, channels: i32, inner: i32, x: usize, scale: usize, bias: usize, y: usize): void {
  const size = <usize>inner << 2;
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      lineOfRow(channels, x, scale, bias, y);
      x += <usize>channels << 2;
      y += <usize>channels << 2;
      continue;
    }
    for (let c: usize = 0; c < <usize>channels; c++, x += size, y += size) {
      const a = scale ? load<f32>(scale + (c << 2)) : 1;
      const b = bias ? load<f32>(bias + (c << 2)) : 0;
      line(inner, a, b, x, y);
    }
  }
}

/** y = a · x + b over a run of any length. */
function line(n: i32, a: f32, b: f32, x: usize, y: usize): void {
  const factor = f32x4.splat(a);
  const shift = f32x4.splat(b);
  const end = x + (<usize>(n & -4) << 2);
  for (; x < end; x += 16, y += 16) v128.store(y, f32x4.add(f32x4.mul(v128.load(x), factor), shift));
  for (let i = n & 3; i > 0; i--, x += 4, y += 4) store<f32>(y, load<f32>(x) * a + b);
}

function lineOfRow(n: i32, x: usize, scale: usize, bias: usize, y: usize): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 4) {
    const a = scale ? load<f32>(scale + i) : 1;
    const b = bias ? load<f32>(bias + i) : 0;
    store<f32>(y + i, load<f32>(x + i) * a + b);
  }
}

/** y = value by channel. */
export function fillChannels(outer: i32, channels: i32, inner: i32, values: usize, y: usize): void {
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      memory.copy(y, values, <usize>channels << 2);
      y += <usize>channels << 2;
      continue;
    }
    for (let c: usize = 0; c < <usize>channels; c++, y += <usize>inner << 2) fill(inner, load<f32>(values + (c << 2)), y);
  }
}

function fill(n: i32, value: f32, y: usize): void {
  const all = f32x4.splat(value);
  const end = y + (<usize>(n & -4) << 2);
  for (; y < end; y += 16) v128.store(y, all);
  for (let i = n & 3; i > 0; i--, y += 4) store<f32>(y, value);
}

/** sums(c) = Σ x; `sums` are doubles. */
export function channelSums(outer: i32, channels: i32, inner: i32, x: usize, sums: usize): void {
  memory.fill(sums, 0, <usize>channels << 3);
  for (let o = 0; o < outer; o++) {
    for (let c: usize = 0; c < <usize>channels; c++, x += <usize>inner << 2) {
      const to = sums + (c << 3);
      store<f64>(to, load<f64>(to) + (inner == 1 ? <f64>load<f32>(x) : sum(inner, x)));
    }
  }
}

/** sums(c) = Σ x·y. */
export function channelDots(outer: i32, channels: i32, inner: i32, x: usize, y: usize, sums: usize): void {
  memory.fill(sums, 0, <usize>channels << 3);
  for (let o = 0; o < outer; o++) {
    for (let c: usize = 0; c < <usize>channels; c++, x += <usize>inner << 2, y += <usize>inner << 2) {
      const to = sums + (c << 3);
      store<f64>(to, load<f64>(to) + dot(inner, x, y));
    }
  }
}

/** sums(c) = Σ (x − mean(c))²; `means` are doubles too. */
export function channelSpreads(outer: i32, channels: i32, inner: i32, x: usize, means: usize, sums: usize): void {
  memory.fill(sums, 0, <usize>channels << 3);
  for (let o = 0; o < outer; o++) {
    for (let c: usize = 0; c < <usize>channels; c++, x += <usize>inner << 2) {
      const to = sums + (c << 3);
      store<f64>(to, load<f64>(to) + spread(inner, x, load<f64>(means + (c << 3))));
    }
  }
}

/** y = (x − mean) · factor by channel: means and factors are floats. In place is allowed. */
export function normalise(
  outer: i32,
  channels: i32,
  inner: i32,
  x: usize,
  means: usize,
  factors: usize,
  y: usize,
): void {
  const size = <usize>inner << 2;
  for (let o = 0; o < outer; o++) {
    for (let c: usize = 0; c < <usize>channels; c++) {
      const mean = load<f32>(means + (c << 2));
      const factor = load<f32>(factors + (c << 2));
      const end = x + size;
      for (; x + 16 <= end; x += 16, y += 16) {
        v128.store(y, f32x4.mul(f32x4.sub(v128.load(x), f32x4.splat(mean)), f32x4.splat(factor)));
      }
      for (; x < end; x += 4, y += 4) store<f32>(y, (load<f32>(x) - mean) * factor);
    }
  }
}

/** dx = (dy − mean − y · along) · factor by channel, of the three rows of floats by channel. dx may be dy. */
export function normaliseBackward(
  outer: i32,
  channels: i32,
  inner: i32,
  y: usize,
  dy: usize,
  means: usize,
  alongs: usize,
  factors: usize,
  dx: usize,
): void {
  const size = <usize>inner << 2;
  for (let o = 0; o < outer; o++) {
    for (let c: usize = 0; c < <usize>channels; c++) {
      const mean = load<f32>(means + (c << 2));
      const along = load<f32>(alongs + (c << 2));
      const factor = load<f32>(factors + (c << 2));
      const end = y + size;
      for (; y + 16 <= end; y += 16, dy += 16, dx += 16) {
        const centred = f32x4.sub(v128.load(dy), f32x4.splat(mean));
        const left = f32x4.sub(centred, f32x4.mul(v128.load(y), f32x4.splat(along)));
        v128.store(dx, f32x4.mul(left, f32x4.splat(factor)));
      }
      for (; y < end; y += 4, dy += 4, dx += 4) {
        store<f32>(dx, (load<f32>(dy) - mean - load<f32>(y) * along) * factor);
      }
    }
  }
}

/** y = e^(x − max) / Σ e^(x − max) over channels. In place is allowed. */
export function softmax(outer: i32, channels: i32, inner: i32, x: usize, y: usize): void {
  const step = <usize>inner << 2;
  const image = <usize>channels * step;
  for (let o = 0; o < outer; o++, x += image, y += image) {
    for (let i: usize = 0; i < step; i += 4) {
      let most: f32 = -Infinity;
      for (let at = i; at < image; at += step) most = max(most, load<f32>(x + at));
      let total: f64 = 0;
      for (let at = i; at < image; at += step) {
        const power = Mathf.exp(load<f32>(x + at) - most);
        store<f32>(y + at, power);
        total += <f64>power;
      }
      for (let at = i; at < image; at += step) store<f32>(y + at, <f32>(<f64>load<f32>(y + at) / total));
    }
  }
}

/** dx = y · (dy − Σ dy·y). dx may be dy. */
export function softmaxBackward(outer: i32, channels: i32, inner: i32, y: usize, dy: usize, dx: usize): void {
  const step = <usize>inner << 2;
  const image = <usize>channels * step;
  for (let o = 0; o < outer; o++, y += image, dy += image, dx += image) {
    for (let i: usize = 0; i < step; i += 4) {
      let along: f64 = 0;
      for (let at = i; at < image; at += step) along += <f64>load<f32>(dy + at) * <f64>load<f32>(y + at);
      for (let at = i; at < image; at += step) {
        store<f32>(dx + at, <f32>(<f64>load<f32>(y + at) * (<f64>load<f32>(dy + at) - along)));
      }
    }
  }
}
