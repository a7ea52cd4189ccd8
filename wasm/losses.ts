// The log loss of a softmax's probabilities, seen as (outer, channels, inner); one label for each (outer, inner).

/** The smallest normal float, which a probability of 0 counts as. */
const LEAST: f64 = 1.1754943508222875e-38;

/** Σ −log(max(prob(label), LEAST)) over the labels that are not `ignored`. */
export function labelLoss(outer: i32, channels: i32, inner: i32, ignored: i32, prob: usize, label: usize): f64 {
  let loss: f64 = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++, label += 4) {
      const right = <i32>load<f32>(label);
      if (right == ignored) continue;
      loss -= Math.log(max(<f64>load<f32>(prob + (<usize>((o * channels + right) * inner + i) << 2)), LEAST));
    }
  }
  return loss;
}

/** dx = scale · (prob − onehot(label)), 0 where the label is ignored. */
export function labelGradient(
  outer: i32,
  channels: i32,
  inner: i32,
  ignored: i32,
  scale: f32,
  prob: usize,
  label: usize,
  dx: usize,
): void {
  for (let o = 0; o < outer; o++, label += <usize>inner << 2) {
    for (let c = 0; c < channels; c++) {
      for (let i: usize = 0; i < <usize>inner; i++, prob += 4, dx += 4) {
        const right = <i32>load<f32>(label + (i << 2));
        const away = load<f32>(prob) - (c == right ? <f32>1 : <f32>0);
        store<f32>(dx, right == ignored ? 0 : scale * away);
      }
    }
  }
}
