// Word i of the sequence (stream, turn); see src/util/random-bits.ts.
fn randomBits(stream: u32, turn: u32, i: u32) -> u32 {
  return mixBits(mixBits(i ^ stream) + turn);
}

fn mixBits(value: u32) -> u32 {
  var h = value;
  h ^= h >> 16u;
  h *= 0x7feb352du;
  h ^= h >> 15u;
  h *= 0x846ca68bu;
  return h ^ (h >> 16u);
}
