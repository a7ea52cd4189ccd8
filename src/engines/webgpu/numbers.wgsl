// Arithmetic that keeps NaN and infinities, behind every kernel's code. WGSL's own functions lose them on some adapters,
// and its compilers may take any comparison with NaN for true, so NaN is known by its bits.

fn isNan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn isFinite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

fn isNegative(x: f32) -> bool {
  return (bitcast<u32>(x) >> 31u) != 0u;
}

// NaN, made of the bits of x so that no compiler knows beforehand.
fn nanOf(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}

// The infinity of x's sign.
fn infinityOf(x: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | 0x7f800000u);
}

// The larger, or the smaller; NaN where one is.
fn larger(a: f32, b: f32) -> f32 {
  if (isNan(a)) {
    return a;
  }
  return select(max(a, b), b, isNan(b));
}

fn smaller(a: f32, b: f32) -> f32 {
  if (isNan(a)) {
    return a;
  }
  return select(min(a, b), b, isNan(b));
}

// Not where one is NaN.
fn isGreater(a: f32, b: f32) -> bool {
  return a > b && !isNan(a) && !isNan(b);
}

// Whether x, cut to a whole number, is one of 0 to count − 1: what a kernel takes for a place must be one.
fn isPlace(x: f32, count: u32) -> bool {
  return !isNan(x) && x > -1.0 && x < f32(count);
}

fn signOf(x: f32) -> f32 {
  return select(sign(x), x, isNan(x));
}

fn expOf(x: f32) -> f32 {
  if (isNan(x)) {
    return x;
  }
  return select(exp(clamp(x, -104.0, 88.8)), infinityOf(x), x > 88.8);
}

// e^x - 1 of x up to 0: near 0 by its series, where taking 1 away would leave few digits.
fn expm1Below(x: f32) -> f32 {
  let series = x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0)))));
  return select(expOf(x) - 1.0, series, x > -0.3);
}

fn logOf(x: f32) -> f32 {
  if (isNan(x) || x < 0.0) {
    return nanOf(x);
  }
  if (x == 0.0) {
    return -infinityOf(abs(x));
  }
  return select(log(x), x, bitcast<u32>(x) == 0x7f800000u);
}

// log(1 + x) for x in [0, 1]; the sum would lose a small x.
fn logOnePlus(x: f32) -> f32 {
  return select(log(1.0 + x), x * (1.0 - x * (0.5 - x / 3.0)), x < 0.01);
}

fn rootOf(x: f32) -> f32 {
  if (isNan(x) || x < 0.0) {
    return nanOf(x);
  }
  return select(sqrt(x), x, bitcast<u32>(x) == 0x7f800000u);
}

// tanh overflows on some adapters where its argument is large, and is rounded as if it were near 1 where it is small.
fn tanhOf(x: f32) -> f32 {
  if (abs(x) < 0.1) {
    let square = x * x;
    return x * (1.0 - square * (1.0 / 3.0 - square * (2.0 / 15.0 - square * (17.0 / 315.0))));
  }
  return select(tanh(clamp(x, -15.0, 15.0)), x, isNan(x));
}

// 1 / (1 + e^-x)
fn sigmoidOf(x: f32) -> f32 {
  return select(1.0 / (1.0 + expOf(-x)), 0.0, x < -88.0);
}

// base to any exponent: WGSL's pow knows no base below 0, which whole exponents have.
fn powerOf(base: f32, exponent: f32) -> f32 {
  if (exponent == 0.0) {
    return 1.0;
  }
  if (exponent == 1.0 || isNan(base)) {
    return base;
  }
  if (exponent == 2.0) {
    return base * base;
  }
  let magnitude = abs(base);
  let isInfinite = bitcast<u32>(magnitude) == 0x7f800000u;
  var size = pow(magnitude, exponent);
  if (isInfinite || magnitude == 0.0) {
    size = select(0.0, infinityOf(magnitude), isInfinite == (exponent > 0.0));
  }
  let isWhole = exponent == floor(exponent);
  if (base < 0.0 && !isWhole && !isInfinite) {
    return nanOf(base);
  }
  // From 2^24 on every float is even, and infinity leaves no fraction to look at.
  let isOdd = isWhole && abs(exponent) < 16777216.0 && fract(0.5 * exponent) != 0.0;
  return select(size, -size, isOdd && isNegative(base));
}
