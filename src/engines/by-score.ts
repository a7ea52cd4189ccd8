/** Numbers of the `most` best items by score, the highest first; equal ones as they stood. NaN comes last. */
export function byScore(
  indices: ArrayLike<number>,
  scores: ArrayLike<number>,
  most: number = Number.POSITIVE_INFINITY,
): number[] {
  if (scores instanceof Float32Array && indices.length < PLACES) {
    return byBits(indices, scores, most);
  }
  const key = (i: number): number => {
    const score = scores[i]!;
    return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
  };
  const sorted = Array.from(indices).sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x === y ? 0 : y > x ? 1 : -1;
  });
  return sorted.slice(0, most);
}

/** Places in a list that a sort key has room for, beside 32 bits of score. */
const PLACES = 2 ** 21;

/** As `byScore`: the bits of a float32, but for its sign, are in the order of its values, and whole numbers sort fast. */
function byBits(indices: ArrayLike<number>, scores: Float32Array, most: number): number[] {
  const count = indices.length;
  const [own, keys] = [new Float32Array(count), new Float64Array(count)];
  for (let k = 0; k < count; k++) {
    const score = scores[indices[k]!]!;
    // What is added makes 0 of −0.
    own[k] = Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score + 0;
  }
  const bits = new Int32Array(own.buffer);
  for (let k = 0; k < count; k++) {
    const falling = bits[k]! < 0 ? 2 ** 32 - ~bits[k]! : 2 ** 31 - bits[k]!;
    keys[k] = falling * PLACES + k;
  }
  if (most < count) bringForward(keys, most);
  const best = keys.subarray(0, Math.min(most, count)).sort();
  const sorted = new Array<number>(best.length);
  for (let k = 0; k < best.length; k++) {
    sorted[k] = indices[best[k]! - Math.floor(best[k]! / PLACES) * PLACES]!;
  }
  return sorted;
}

/**
 * Brings the `count` smallest keys, no two of which are equal, to the front, in any order.
 * @see Hoare, Algorithm 65: Find, CACM 1961
 */
function bringForward(keys: Float64Array, count: number): void {
  let [from, to] = [0, keys.length - 1];
  while (from < to) {
    const pivot = keys[(from + to) >>> 1]!;
    let [i, j] = [from, to];
    while (i <= j) {
      while (keys[i]! < pivot) i++;
      while (keys[j]! > pivot) j--;
      if (i > j) break;
      const key = keys[i]!;
      keys[i++] = keys[j]!;
      keys[j--] = key;
    }
    if (count <= j) to = j;
    else if (count >= i) from = i;
    else return;
  }
}
