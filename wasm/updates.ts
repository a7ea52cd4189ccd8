// A solver's update of one parameter: decay, rule and subtraction in one pass.

/** Numbers of the rules, as src/engines/wasm/update.ts says them. */
const SGD = 0;
const NESTEROV = 1;
const ADAGRAD = 2;
const RMSPROP = 3;
const ADADELTA = 4;

/**
 * g ← scale·g + coupled·r(w);  g ← rule(g) + decoupled·r(w);  w ← w − g, with r(w) = sign(w) where `isL1`, else w.
 * `p` and `q` are the rule's numbers, `a` and `b` its history. Returns whether every element of w is finite now.
 */
export function update(
  rule: i32,
  n: i32,
  rate: f32,
  scale: f32,
  coupled: f32,
  decoupled: f32,
  isL1: bool,
  p: f32,
  q: f32,
  delta: f32,
  w: usize,
  g: usize,
  a: usize,
  b: usize,
): bool {
  // What is not finite leaves NaN of itself less itself.
  let rest = f32x4.splat(0);
  const size = <usize>n << 2;
  const whole = <usize>(n & -4) << 2;
  for (let i: usize = 0; i < size; i += 16) {
    const old = v128.load(w + i);
    const decayed = isL1 ? signs(old) : old;
    let step = f32x4.mul(f32x4.splat(scale), v128.load(g + i));
    if (coupled != 0) step = f32x4.add(step, f32x4.mul(f32x4.splat(coupled), decayed));
    step = stepOf(rule, step, rate, p, q, delta, a + i, b + i);
    if (decoupled != 0) step = f32x4.add(step, f32x4.mul(f32x4.splat(decoupled), decayed));
    const next = f32x4.sub(old, step);
    v128.store(g + i, step);
    v128.store(w + i, next);
    if (i < whole) rest = f32x4.add(rest, f32x4.sub(next, next));
  }
  let last: f32 = 0;
  for (let i = whole; i < size; i += 4) last += load<f32>(w + i) - load<f32>(w + i);
  return !v128.any_true(f32x4.ne(rest, f32x4.splat(0))) && last == 0;
}

// @ts-ignore: decorator
@inline
function stepOf(rule: i32, g: v128, rate: f32, p: f32, q: f32, delta: f32, a: usize, b: usize): v128 {
  const by = f32x4.splat(rate);
  const before = v128.load(a);
  if (rule == SGD || rule == NESTEROV) {
    const speed = f32x4.add(f32x4.mul(f32x4.splat(p), before), f32x4.mul(by, g));
    v128.store(a, speed);
    if (rule == SGD) return speed;
    return f32x4.sub(f32x4.mul(f32x4.splat(1 + p), speed), f32x4.mul(f32x4.splat(p), before));
  }
  const square = f32x4.mul(g, g);
  const small = f32x4.splat(delta);
  if (rule == ADAGRAD || rule == RMSPROP) {
    const h = rule == ADAGRAD ? f32x4.add(before, square) : mean(p, before, square);
    v128.store(a, h);
    return f32x4.mul(by, f32x4.div(g, f32x4.add(f32x4.sqrt(h), small)));
  }
  const second = v128.load(b);
  if (rule == ADADELTA) {
    const h = mean(p, before, square);
    const u = f32x4.mul(g, f32x4.sqrt(f32x4.div(f32x4.add(second, small), f32x4.add(h, small))));
    v128.store(a, h);
    v128.store(b, mean(p, second, f32x4.mul(u, u)));
    return f32x4.mul(by, u);
  }
  const m = mean(p, before, g);
  const v = mean(q, second, square);
  v128.store(a, m);
  v128.store(b, v);
  return f32x4.mul(by, f32x4.div(m, f32x4.add(f32x4.sqrt(v), small)));
}

/** share · old + (1 − share) · new. */
// @ts-ignore: decorator
@inline
function mean(share: f32, old: v128, next: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.splat(share), old), f32x4.mul(f32x4.splat(1 - share), next));
}

// @ts-ignore: decorator
@inline
function signs(v: v128): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  return f32x4.sub(v128.and(f32x4.gt(v, zero), one), v128.and(f32x4.lt(v, zero), one));
}
