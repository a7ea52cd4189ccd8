// What an elementwise expression may call beside WGSL's own functions.

// base to any exponent: WGSL's pow knows no base below 0, which whole exponents have.
fn powerOf(base: f32, exponent: f32) -> f32 {
  if (exponent == 0.0) {
    return 1.0;
  }
  if (exponent == 1.0) {
    return base;
  }
  if (exponent == 2.0) {
    return base * base;
  }
  let size = pow(abs(base), exponent);
  let isWhole = exponent == floor(exponent);
  if (base >= 0.0 || !isWhole) {
    return select(pow(base, exponent), size, base >= 0.0);
  }
  return select(size, -size, fract(0.5 * exponent) != 0.0);
}
