/**
 * The loss of a difference, and its derivative: a parabola within 1/σ², straight beyond.
 *
 *     |x| < 1/σ²: σ²x²/2, σ²x;  else |x| − 1/2σ², sign(x)
 */
export function smoothL1(x: number, sigma = 1): readonly [loss: number, gradient: number] {
  const square = sigma * sigma;
  const size = Math.abs(x);
  return size < 1 / square
    ? [(square * x * x) / 2, square * x]
    : [size - 0.5 / square, Math.sign(x)];
}
