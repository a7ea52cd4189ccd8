/** Names a sequence of random words: a stream (a seed and a layer), and how often it has been drawn from. */
export type RandomKey = readonly [stream: number, pass: number];

/**
 * Word i of the sequence that `key` names: a whole number in [0, 2³²).
 *
 *     bits(key, i) = mix(mix(i ⊕ stream) + pass)
 *
 * It depends on nothing else, so that any number of threads and any device draw the same words in any order,
 * and backward draws again what forward drew instead of keeping it.
 *
 * @see Wellons, "Prospecting for hash functions", 2018 (the mixer lowbias32); Salmon et al., SC 2011 (the idea)
 */
export function randomBits([stream, pass]: RandomKey, i: number): number {
  return mix(mix((i ^ stream) >>> 0) + pass) >>> 0;
}

function mix(x: number): number {
  let h = x;
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return h ^ (h >>> 16);
}
