// Sums in double precision, of any run of elements.

/** Σ x. */
export function sum(n: i32, x: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = x + (<usize>(n & -4) << 2);
  for (; x < end; x += 16) {
    const v = v128.load(x);
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upper(v)));
  }
  let total = total2(low, high);
  for (let i = n & 3; i > 0; i--, x += 4) total += <f64>load<f32>(x);
  return total;
}

/** Σ |x|. */
export function absoluteSum(n: i32, x: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = x + (<usize>(n & -4) << 2);
  for (; x < end; x += 16) {
    const v = f32x4.abs(v128.load(x));
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upper(v)));
  }
  let total = total2(low, high);
  for (let i = n & 3; i > 0; i--, x += 4) total += <f64>abs(load<f32>(x));
  return total;
}

/** Σ x·y. */
export function dot(n: i32, x: usize, y: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = x + (<usize>(n & -4) << 2);
  for (; x < end; x += 16, y += 16) {
    const u = v128.load(x);
    const v = v128.load(y);
    low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(u), f64x2.promote_low_f32x4(v)));
    high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(upper(u)), f64x2.promote_low_f32x4(upper(v))));
  }
  let total = total2(low, high);
  for (let i = n & 3; i > 0; i--, x += 4, y += 4) total += <f64>load<f32>(x) * <f64>load<f32>(y);
  return total;
}

/** Σ (x − mean)². */
export function spread(n: i32, x: usize, mean: f64): f64 {
  const centre = f64x2.splat(mean);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = x + (<usize>(n & -4) << 2);
  for (; x < end; x += 16) {
    const v = v128.load(x);
    const a = f64x2.sub(f64x2.promote_low_f32x4(v), centre);
    const b = f64x2.sub(f64x2.promote_low_f32x4(upper(v)), centre);
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  let total = total2(low, high);
  for (let i = n & 3; i > 0; i--, x += 4) {
    const away = <f64>load<f32>(x) - mean;
    total += away * away;
  }
  return total;
}

// @ts-ignore: decorator
@inline
function upper(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 2, 3, 2, 3);
}

// @ts-ignore: decorator
@inline
function total2(low: v128, high: v128): f64 {
  const both = f64x2.add(low, high);
  return f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
}

/** y += sums, which are doubles. */
export function addSums(n: i32, sums: usize, y: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const to = y + (i << 2);
    store<f32>(to, <f32>(<f64>load<f32>(to) + load<f64>(sums + (i << 3))));
  }
}
