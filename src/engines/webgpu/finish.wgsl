// What becomes of a sum on its way out, where p.finish says so: 1, a bias per channel is added; 2, it is a line, the
// biases and behind them the factors. Then comes f.
fn finished(sum: f32, channel: u32, channels: u32) -> f32 {
  if (p.finish == 1u) {
    return f(sum + bias[channel]);
  }
  if (p.finish == 2u) {
    return f(sum * bias[channels + channel] + bias[channel]);
  }
  return f(sum);
}
