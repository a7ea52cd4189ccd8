// F(4, 3) at 0, ±5/8, ±3/2 and infinity: 6 products for 4 results, where 12 are taken otherwise. Why these points, and what
// the formulas are made of, native/src/winograd-transforms.h says.
const OUT = 4u;
const SIDE = 6u;
const A = 0.625;
const B = 1.5;
const A2 = A * A;
const B2 = B * B;
// What the products' weights are divided by.
const W0 = 1.0 / (A2 * B2);
const WA = 1.0 / (2.0 * A2 * (A2 - B2));
const WB = 1.0 / (2.0 * B2 * (B2 - A2));

fn ofData(d: array<f32, 6>) -> array<f32, 6> {
  let evenA = d[4] - d[2] * B2;
  let oddA = (d[3] - d[1] * B2) * A;
  let evenB = d[4] - d[2] * A2;
  let oddB = (d[3] - d[1] * A2) * B;
  return array(
    d[0] * (A2 * B2) + (d[4] - d[2] * (A2 + B2)),
    evenA + oddA,
    evenA - oddA,
    evenB + oddB,
    evenB - oddB,
    d[1] * (A2 * B2) + (d[5] - d[3] * (A2 + B2)),
  );
}

fn ofWeights(g: array<f32, 3>) -> array<f32, 6> {
  let evenA = g[0] * WA + g[2] * (WA * A2);
  let oddA = g[1] * (WA * A);
  let evenB = g[0] * WB + g[2] * (WB * B2);
  let oddB = g[1] * (WB * B);
  return array(g[0] * W0, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, g[2]);
}

fn ofProducts(m: array<f32, 6>) -> array<f32, 4> {
  let evenA = m[1] + m[2];
  let oddA = m[1] - m[2];
  let evenB = m[3] + m[4];
  let oddB = m[3] - m[4];
  return array(
    m[0] + (evenA + evenB),
    oddA * A + oddB * B,
    evenA * A2 + evenB * B2,
    oddA * (A2 * A) + (oddB * (B2 * B) + m[5]),
  );
}

// The transposes of ofProducts and of ofWeights, for the gradient of weights.
fn ofResults(r: array<f32, 4>) -> array<f32, 6> {
  let evenA = r[0] + r[2] * A2;
  let oddA = r[1] * A + r[3] * (A2 * A);
  let evenB = r[0] + r[2] * B2;
  let oddB = r[1] * B + r[3] * (B2 * B);
  return array(r[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, r[3]);
}

fn ofSums(m: array<f32, 6>) -> array<f32, 3> {
  let evenA = (m[1] + m[2]) * WA;
  let oddA = (m[1] - m[2]) * (WA * A);
  let evenB = (m[3] + m[4]) * WB;
  let oddB = (m[3] - m[4]) * (WB * B);
  return array(m[0] * W0 + (evenA + evenB), oddA + oddB, evenA * A2 + (evenB * B2 + m[5]));
}
