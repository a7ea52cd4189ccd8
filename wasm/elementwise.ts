// Functions of single elements. Arrays have room up to the next multiple of four elements, so they are gone through in
// whole vectors; what lies behind the last element is nobody's.

/** y = max(x, 0) + slope · min(x, 0). */
export function rectify(n: i32, slope: f32, x: usize, y: usize): void {
  const zero = f32x4.splat(0);
  const below = f32x4.splat(slope);
  for (const end = x + (<usize>n << 2); x < end; x += 16, y += 16) {
    const v = v128.load(x);
    v128.store(y, f32x4.add(f32x4.max(v, zero), f32x4.mul(below, f32x4.min(v, zero))));
  }
}

/** dx = x > 0 ? dy : slope · dy. */
export function rectifyBackward(n: i32, slope: f32, x: usize, dy: usize, dx: usize): void {
  const zero = f32x4.splat(0);
  const below = f32x4.splat(slope);
  for (const end = x + (<usize>n << 2); x < end; x += 16, dy += 16, dx += 16) {
    const gradient = v128.load(dy);
    v128.store(dx, v128.bitselect(gradient, f32x4.mul(below, gradient), f32x4.gt(v128.load(x), zero)));
  }
}

/** y = alpha · x. */
export function scaled(n: i32, alpha: f32, x: usize, y: usize): void {
  const factor = f32x4.splat(alpha);
  for (const end = x + (<usize>n << 2); x < end; x += 16, y += 16) v128.store(y, f32x4.mul(factor, v128.load(x)));
}

/** y = alpha · x + beta · y. */
export function axpby(n: i32, alpha: f32, x: usize, beta: f32, y: usize): void {
  const ofX = f32x4.splat(alpha);
  const ofY = f32x4.splat(beta);
  for (const end = x + (<usize>n << 2); x < end; x += 16, y += 16) {
    v128.store(y, f32x4.add(f32x4.mul(ofX, v128.load(x)), f32x4.mul(ofY, v128.load(y))));
  }
}

/** z = x · y. */
export function multiplied(n: i32, x: usize, y: usize, z: usize): void {
  for (const end = x + (<usize>n << 2); x < end; x += 16, y += 16, z += 16) {
    v128.store(z, f32x4.mul(v128.load(x), v128.load(y)));
  }
}

/** dx = dy · (y / x). */
export function quotientGradient(n: i32, x: usize, y: usize, dy: usize, dx: usize): void {
  for (const end = x + (<usize>n << 2); x < end; x += 16, y += 16, dy += 16, dx += 16) {
    v128.store(dx, f32x4.mul(v128.load(dy), f32x4.div(v128.load(y), v128.load(x))));
  }
}

/** Lets x take y over where it is greater, or where y is not greater than it and `isSecond`; winner becomes k there. */
export function maximum(n: i32, k: i32, isSecond: bool, x: usize, y: usize, winner: usize): void {
  const number = i32x4.splat(k);
  for (const end = x + (<usize>n << 2); x < end; x += 16, y += 16, winner += 16) {
    const value = v128.load(x);
    const best = v128.load(y);
    const wins = isSecond ? v128.not(f32x4.gt(best, value)) : f32x4.gt(value, best);
    v128.store(y, v128.bitselect(value, best, wins));
    v128.store(winner, v128.bitselect(number, v128.load(winner), wins));
  }
}

/** dx = winner is k ? dy : 0. */
export function maximumGradient(n: i32, k: i32, winner: usize, dy: usize, dx: usize): void {
  const number = i32x4.splat(k);
  for (const end = dy + (<usize>n << 2); dy < end; winner += 16, dy += 16, dx += 16) {
    v128.store(dx, v128.and(v128.load(dy), i32x4.eq(v128.load(winner), number)));
  }
}

/** The mixer of the engines' random words (src/util/random-bits.ts), of four words. */
// @ts-ignore: decorator
@inline
function mix(x: v128): v128 {
  let h = v128.xor(x, i32x4.shr_u(x, 16));
  h = i32x4.mul(h, i32x4.splat(0x7feb352d));
  h = v128.xor(h, i32x4.shr_u(h, 15));
  h = i32x4.mul(h, i32x4.splat(<i32>0x846ca68b));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** y(i) = x(i) times 0 where bits(key, i) < threshold, else times scale. */
export function dropout(n: i32, threshold: u32, scale: f32, stream: i32, pass: i32, x: usize, y: usize): void {
  const factor = f32x4.splat(scale);
  const least = i32x4.splat(threshold);
  let index = i32x4(0, 1, 2, 3);
  for (const end = x + (<usize>n << 2); x < end; x += 16, y += 16) {
    const word = mix(i32x4.add(mix(v128.xor(index, i32x4.splat(stream))), i32x4.splat(pass)));
    // NaN times 0 stays NaN.
    v128.store(y, f32x4.mul(v128.load(x), v128.and(factor, i32x4.ge_u(word, least))));
    index = i32x4.add(index, i32x4.splat(4));
  }
}

/** Blocks of `size` elements, `fromStep` apart there and `toStep` apart here. */
export function copyBlocks(blocks: i32, size: i32, from: usize, fromStep: i32, to: usize, toStep: i32): void {
  for (let i = 0; i < blocks; i++) {
    memory.copy(to, from, <usize>size << 2);
    from += <usize>fromStep << 2;
    to += <usize>toStep << 2;
  }
}
