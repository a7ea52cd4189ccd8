// F(2, 3) at 0, 1, −1 and infinity: 4 products for 2 results, where 6 are taken otherwise.
const OUT = 2u;
const SIDE = 4u;

fn ofData(d: array<f32, 4>) -> array<f32, 4> {
  return array(d[0] - d[2], d[2] + d[1], d[2] - d[1], d[3] - d[1]);
}

fn ofWeights(g: array<f32, 3>) -> array<f32, 4> {
  let even = (g[0] + g[2]) * 0.5;
  let odd = g[1] * 0.5;
  return array(g[0], even + odd, even - odd, g[2]);
}

fn ofProducts(m: array<f32, 4>) -> array<f32, 2> {
  return array(m[0] + (m[1] + m[2]), (m[1] - m[2]) + m[3]);
}

// The transposes of ofProducts and of ofWeights, for the gradient of weights.
fn ofResults(r: array<f32, 2>) -> array<f32, 4> {
  return array(r[0], r[0] + r[1], r[0] - r[1], r[1]);
}

fn ofSums(m: array<f32, 4>) -> array<f32, 3> {
  let even = (m[1] + m[2]) * 0.5;
  return array(m[0] + even, (m[1] - m[2]) * 0.5, even + m[3]);
}
