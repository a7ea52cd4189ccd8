import { Random } from "../../src/util/random.ts";

/** Ways to damage a file: cut it, flip bits, write counts that no file can hold, lose or repeat a piece. */
const ways: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => {
    for (let n = 1 + random.below(8); n > 0; n--) {
      const at = random.below(bytes.length);
      bytes[at] = bytes[at]! ^ (1 << random.below(8));
    }
    return bytes;
  },
  (bytes, random) => {
    // Lengths are varints in protobuf and 4 or 8 bytes in HDF5: all ones is too much in either.
    for (let n = 1 + random.below(3); n > 0; n--) {
      const length = [1, 4, 8][random.below(3)]!;
      const at = random.below(Math.max(1, bytes.length - length));
      bytes.fill(random.bernoulli(0.5) ? 0xff : 0x7f, at, at + length);
    }
    return bytes;
  },
  (bytes, random) => {
    const from = random.below(bytes.length);
    const to = from + random.below(bytes.length - from);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, random) => {
    const from = random.below(bytes.length);
    const to = from + random.below(Math.min(64, bytes.length - from));
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    for (let i = at; i < Math.min(bytes.length, at + 16); i++) bytes[i] = random.below(256);
    return bytes;
  },
];

/** Numbers and words that a text may hold where others are wanted. */
const strange = [
  "99999999999999999999999999",
  "-2147483649",
  "4294967295",
  "1e309",
  "nan",
  "0x",
  '"',
  "{{{{",
  "}",
  "[",
  "\u0000",
  "shape { dim: 2147483647 dim: 2147483647 }",
];

/** The `number`-th damaged copy of a file; the same seed and number give the same bytes. */
export function damaged(file: Uint8Array, seed: number, number: number): Buffer {
  const random = new Random(seed, number);
  const way = ways[random.below(ways.length)]!;
  return way(Buffer.from(file), random);
}

/** As `damaged`, for a text: half of the time a word becomes a strange one. */
export function damagedText(text: string, seed: number, number: number): string {
  const random = new Random(seed, number, "text");
  if (random.bernoulli(0.5)) return damaged(Buffer.from(text), seed, number).toString("latin1");
  const words = [...text.matchAll(/[\w."-]+/g)];
  const word = words[random.below(words.length)];
  if (!word) return text;
  const replacement = strange[random.below(strange.length)]!;
  return text.slice(0, word.index) + replacement + text.slice(word.index + word[0].length);
}
