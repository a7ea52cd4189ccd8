// Winograd's algorithm along one axis: F(4, 3) and F(2, 5), both of which multiply at six points: 0, ±a, ±b and ∞, as in
// native/src/winograd-transforms.h, which says why. Bᵀ is the same for both. With w of six weights
//
//     y = Aᵀ · (G·g ⊙ Bᵀ·d)    Aᵀ(i, p) = pⁱ,  G(p, i) = w(p)·pⁱ,  ∞ taking the last alone
//
// and gradients go the other way: B of what Bᵀ made, A of outputs' gradients, Gᵀ of the products' sums.

const A: f32 = 0.625;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;
/** What the products' weights are divided by. */
const W0: f32 = 1 / (A2 * B2);
const WA: f32 = 1 / (2 * A2 * (A2 - B2));
const WB: f32 = 1 / (2 * B2 * (B2 - A2));

// @ts-ignore: decorator
@inline
function times(v: v128, factor: f32): v128 {
  return f32x4.mul(v, f32x4.splat(factor));
}

/** Stores what the even and the odd powers give at ±a and ±b, and what 0 and ∞ give. */
// @ts-ignore: decorator
@inline
function storePoints(zero: v128, evenA: v128, oddA: v128, evenB: v128, oddB: v128, last: v128, to: usize, step: usize): void {
  v128.store(to, zero);
  v128.store(to + step, f32x4.add(evenA, oddA));
  v128.store(to + 2 * step, f32x4.sub(evenA, oddA));
  v128.store(to + 3 * step, f32x4.add(evenB, oddB));
  v128.store(to + 4 * step, f32x4.sub(evenB, oddB));
  v128.store(to + 5 * step, last);
}

/** Bᵀ of six numbers; results `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function dataLine(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
  storePoints(
    f32x4.add(times(d0, A2 * B2), f32x4.sub(d4, times(d2, A2 + B2))),
    f32x4.sub(d4, times(d2, B2)),
    times(f32x4.sub(d3, times(d1, B2)), A),
    f32x4.sub(d4, times(d2, A2)),
    times(f32x4.sub(d3, times(d1, A2)), B),
    f32x4.add(times(d1, A2 * B2), f32x4.sub(d5, times(d3, A2 + B2))),
    to, step,
  );
}

/** B of the six numbers that lie `from` bytes apart. */
// @ts-ignore: decorator
@inline
export function dataLineBack(n: usize, from: usize, to: usize, step: usize): void {
  const n0 = v128.load(n);
  const n1 = v128.load(n + from);
  const n2 = v128.load(n + 2 * from);
  const n3 = v128.load(n + 3 * from);
  const n4 = v128.load(n + 4 * from);
  const n5 = v128.load(n + 5 * from);
  const evenA = f32x4.add(n1, n2);
  const oddA = times(f32x4.sub(n1, n2), A);
  const evenB = f32x4.add(n3, n4);
  const oddB = times(f32x4.sub(n3, n4), B);
  v128.store(to, times(n0, A2 * B2));
  v128.store(to + step, f32x4.sub(times(n5, A2 * B2), f32x4.add(times(oddA, B2), times(oddB, A2))));
  v128.store(to + 2 * step, f32x4.sub(times(n0, -(A2 + B2)), f32x4.add(times(evenA, B2), times(evenB, A2))));
  v128.store(to + 3 * step, f32x4.sub(f32x4.add(oddA, oddB), times(n5, A2 + B2)));
  v128.store(to + 4 * step, f32x4.add(n0, f32x4.add(evenA, evenB)));
  v128.store(to + 5 * step, n5);
}

/** G of the `side` numbers, 3 or 5, that lie `from` bytes apart. */
// @ts-ignore: decorator
@inline
export function weightLine(side: i32, g: usize, from: usize, to: usize, step: usize): void {
  const g0 = v128.load(g);
  const g1 = v128.load(g + from);
  const g2 = v128.load(g + 2 * from);
  let evenA = f32x4.add(times(g0, WA), times(g2, WA * A2));
  let evenB = f32x4.add(times(g0, WB), times(g2, WB * B2));
  let oddA = times(g1, WA * A);
  let oddB = times(g1, WB * B);
  let last = g2;
  if (side == 5) {
    const g3 = v128.load(g + 3 * from);
    last = v128.load(g + 4 * from);
    evenA = f32x4.add(evenA, times(last, WA * A2 * A2));
    evenB = f32x4.add(evenB, times(last, WB * B2 * B2));
    oddA = f32x4.add(oddA, times(g3, WA * A2 * A));
    oddB = f32x4.add(oddB, times(g3, WB * B2 * B));
  }
  storePoints(times(g0, W0), evenA, oddA, evenB, oddB, last, to, step);
}

/** Gᵀ of the six numbers that lie `from` bytes apart: `side` results. */
// @ts-ignore: decorator
@inline
export function weightLineBack(side: i32, n: usize, from: usize, to: usize, step: usize): void {
  const n1 = v128.load(n + from);
  const n2 = v128.load(n + 2 * from);
  const n3 = v128.load(n + 3 * from);
  const n4 = v128.load(n + 4 * from);
  const last = v128.load(n + 5 * from);
  const evenA = times(f32x4.add(n1, n2), WA);
  const oddA = times(f32x4.sub(n1, n2), WA * A);
  const evenB = times(f32x4.add(n3, n4), WB);
  const oddB = times(f32x4.sub(n3, n4), WB * B);
  v128.store(to, f32x4.add(times(v128.load(n), W0), f32x4.add(evenA, evenB)));
  v128.store(to + step, f32x4.add(oddA, oddB));
  const third = f32x4.add(times(evenA, A2), times(evenB, B2));
  if (side == 3) {
    v128.store(to + 2 * step, f32x4.add(third, last));
    return;
  }
  v128.store(to + 2 * step, third);
  v128.store(to + 3 * step, f32x4.add(times(oddA, A2), times(oddB, B2)));
  v128.store(to + 4 * step, f32x4.add(f32x4.add(times(evenA, A2 * A2), times(evenB, B2 * B2)), last));
}

/** Aᵀ of the six numbers that lie `from` bytes apart: `tile` results, 4 or 2. */
// @ts-ignore: decorator
@inline
export function outputLine(tile: i32, m: usize, from: usize, to: usize, step: usize): void {
  const m1 = v128.load(m + from);
  const m2 = v128.load(m + 2 * from);
  const m3 = v128.load(m + 3 * from);
  const m4 = v128.load(m + 4 * from);
  const last = v128.load(m + 5 * from);
  const evenA = f32x4.add(m1, m2);
  const oddA = times(f32x4.sub(m1, m2), A);
  const evenB = f32x4.add(m3, m4);
  const oddB = times(f32x4.sub(m3, m4), B);
  v128.store(to, f32x4.add(v128.load(m), f32x4.add(evenA, evenB)));
  const second = f32x4.add(oddA, oddB);
  if (tile == 2) {
    v128.store(to + step, f32x4.add(second, last));
    return;
  }
  v128.store(to + step, second);
  v128.store(to + 2 * step, f32x4.add(times(evenA, A2), times(evenB, B2)));
  v128.store(to + 3 * step, f32x4.add(times(oddA, A2), f32x4.add(times(oddB, B2), last)));
}

/** A of the `tile` numbers, 4 or 2, that lie `from` bytes apart. */
// @ts-ignore: decorator
@inline
export function outputLineBack(tile: i32, y: usize, from: usize, to: usize, step: usize): void {
  const y0 = v128.load(y);
  const y1 = v128.load(y + from);
  let evenA = y0;
  let evenB = y0;
  let oddA = times(y1, A);
  let oddB = times(y1, B);
  let last = y1;
  if (tile == 4) {
    const y2 = v128.load(y + 2 * from);
    last = v128.load(y + 3 * from);
    evenA = f32x4.add(evenA, times(y2, A2));
    evenB = f32x4.add(evenB, times(y2, B2));
    oddA = f32x4.add(oddA, times(last, A2 * A));
    oddB = f32x4.add(oddB, times(last, B2 * B));
  }
  storePoints(y0, evenA, oddA, evenB, oddB, last, to, step);
}
