/**
 * A seeded stream of random numbers: the same key gives the same stream on every machine.
 *
 * A stream is named by a seed and any number of further keys (a layer's name, a record's number), so
 * each user has a stream of its own and what one draws never shifts what another sees. Its state is
 * four 32-bit words that can be saved and set back.
 *
 * @see Blackman & Vigna, "Scrambled linear pseudorandom number generators", 2018 (xoshiro128**)
 */
export class Random {
  readonly #s: Uint32Array = new Uint32Array(4);
  #spare: number | undefined;

  constructor(seed: number, ...keys: readonly (string | number)[]) {
    let h = mix(seed >>> 0) ^ mix(Math.floor(seed / 2 ** 32) >>> 0);
    for (const key of keys) h = mix(h ^ (typeof key === "string" ? hash(key) : mix(key >>> 0)));
    for (let i = 0; i < 4; i++) {
      h = (h + 0x9e3779b9) >>> 0;
      this.#s[i] = mix(h);
    }
  }

  /** The state as four words; `restore` continues from it (a kept second gaussian is dropped). */
  state(): number[] {
    this.#spare = undefined;
    return [...this.#s];
  }

  restore(state: readonly number[]): void {
    this.#s.set(state);
    this.#spare = undefined;
  }

  /** A whole number in [0, 2³²). */
  uint32(): number {
    const s = this.#s as Uint32Array & { 0: number; 1: number; 2: number; 3: number };
    const r = Math.imul(s[1], 5);
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** A number in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 2 ** 32);
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor((this.uint32() / 2 ** 32) * n);
  }

  /** A normally distributed number (the polar method of Marsaglia, which gives two at a time). */
  gaussian(mean = 0, std = 1): number {
    if (this.#spare !== undefined) {
      const z = this.#spare;
      this.#spare = undefined;
      return mean + std * z;
    }
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const r = u * u + v * v;
      if (r > 0 && r < 1) {
        const f = Math.sqrt((-2 * Math.log(r)) / r);
        this.#spare = v * f;
        return mean + std * u * f;
      }
    }
  }

  /** True with probability p. */
  bernoulli(p: number): boolean {
    return this.uniform() < p;
  }
}

/** Spreads every bit of x over all 32 (the finaliser of MurmurHash3). */
function mix(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a of the UTF-16 units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
