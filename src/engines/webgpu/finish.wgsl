// What becomes of a sum on its way out, where p.finish says so: 1, a bias per channel is added; 2, it is a line, what is
// added before the factors, these, and what is added behind. Then comes f.
fn finished(sum: f32, channel: u32, channels: u32) -> f32 {
  if (p.finish == 1u) {
    return f(sum + bias[channel]);
  }
  if (p.finish == 2u) {
    return f((sum + bias[channel]) * bias[channels + channel] + bias[2u * channels + channel]);
  }
  return f(sum);
}
