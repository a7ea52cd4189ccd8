import type { FloatArray } from "../../util/arrays.ts";

const { fround, sqrt } = Math;

/**
 * Gaussian filtering of values at points of any space: points deal their values out to the corners of the simplex in which
 * they lie, neighbouring corners are mixed along each axis of the lattice, and points take what lies at their corners.
 *
 *     y = α · Bᵀ · A_d ⋯ A_0 · B · x,  α = 1/(1 + 2⁻ᵈ),  A: the corner and half of its two neighbours
 *
 * A corner is there only where a point is. Where points lie is computed in float32, as the authors do it: which corners
 * there are depends on it.
 *
 * @see Adams, Baek & Davis, Fast High-Dimensional Filtering Using the Permutohedral Lattice, Eurographics 2010
 */
export class PermutohedralLattice {
  readonly #points: number;
  readonly #dims: number;
  /** Of each point d + 1 corners, counted from 1, and the point's share in each. */
  readonly #corners: Int32Array;
  readonly #shares: Float32Array;
  /** Of each axis the two neighbours of each corner, 0 where there is none. */
  readonly #neighbours: Int32Array;
  readonly #count: number;

  /**
   * @param features of each point its d coordinates, in standard deviations of the filter; all of them finite
   */
  constructor(features: Float32Array, dims: number) {
    this.#points = features.length / dims;
    this.#dims = dims;
    const each = dims + 1;
    this.#corners = new Int32Array(this.#points * each);
    this.#shares = new Float32Array(this.#points * each);
    const table = new CornerTable(dims, this.#points);
    const place = placing(dims);
    const key = new Int32Array(dims);
    for (let p = 0; p < this.#points; p++) {
      const { nearest, ranks, shares } = place(features, p * dims);
      for (let r = 0; r < each; r++) {
        for (let i = 0; i < dims; i++) {
          key[i] = nearest[i]! + (ranks[i]! <= dims - r ? r : r - each);
        }
        this.#corners[p * each + r] = 1 + table.find(key, true);
        this.#shares[p * each + r] = shares[r]!;
      }
    }
    this.#count = table.size;
    this.#neighbours = new Int32Array(2 * each * this.#count);
    for (let axis = 0, at = 0; axis < each; axis++) {
      for (let corner = 0; corner < this.#count; corner++) {
        for (const step of [1, -1]) {
          for (let i = 0; i < dims; i++) {
            key[i] = table.at(corner, i) + (i === axis ? step * dims : -step);
          }
          this.#neighbours[at++] = 1 + table.find(key, false);
        }
      }
    }
  }

  /**
   * Filters channels of planes, which begin at `from` in both arrays.
   * @param isTransposed by the transposed filter, which takes a gradient back
   * @param adds to what is there
   */
  filter(
    x: FloatArray,
    y: FloatArray,
    from: number,
    channels: number,
    { isTransposed = false, adds = false } = {},
  ): void {
    const [points, each, count] = [this.#points, this.#dims + 1, this.#count];
    const list = (): FloatArray =>
      x instanceof Float64Array
        ? new Float64Array((count + 1) * channels)
        : new Float32Array((count + 1) * channels);
    let [values, mixed] = [list(), list()];
    const [corners, shares, neighbours] = [this.#corners, this.#shares, this.#neighbours];
    for (let p = 0; p < points; p++) {
      for (let r = p * each; r < (p + 1) * each; r++) {
        const [at, share] = [corners[r]! * channels, shares[r]!];
        for (let c = 0; c < channels; c++) values[at + c]! += share * x[from + c * points + p]!;
      }
    }
    for (let step = 0; step < each; step++) {
      const first = (isTransposed ? this.#dims - step : step) * count;
      for (let corner = 0; corner < count; corner++) {
        const at = (corner + 1) * channels;
        const one = neighbours[2 * (first + corner)]! * channels;
        const other = neighbours[2 * (first + corner) + 1]! * channels;
        for (let c = 0; c < channels; c++) {
          mixed[at + c] = values[at + c]! + 0.5 * (values[one + c]! + values[other + c]!);
        }
      }
      [values, mixed] = [mixed, values];
    }
    const alpha = fround(1 / (1 + 2 ** -this.#dims));
    for (let p = 0; p < points; p++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let r = p * each; r < (p + 1) * each; r++) {
          sum += shares[r]! * values[corners[r]! * channels + c]!;
        }
        const at = from + c * points + p;
        y[at] = (adds ? y[at]! : 0) + sum * alpha;
      }
    }
  }
}

/** Where a point lies: the corner of remainder 0, the order of the differences to it, and the shares of all corners. */
interface Place {
  readonly nearest: Float32Array;
  readonly ranks: Int32Array;
  readonly shares: Float32Array;
}

/** A function that finds the simplex of the point whose features begin at `at`; what it gives is overwritten by the next. */
function placing(dims: number): (features: Float32Array, at: number) => Place {
  const each = dims + 1;
  const [elevated, nearest] = [new Float32Array(each), new Float32Array(each)];
  const ranks = new Int32Array(each);
  const shares = new Float32Array(each + 1);
  const deviation = fround(sqrt(2 / 3) * each);
  const scale = Float32Array.from({ length: dims }, (_, i) => deviation / sqrt((i + 2) * (i + 1)));
  const down = fround(1 / each);
  return (features, at) => {
    // Onto the hyperplane of d + 1 coordinates that add up to 0.
    let sum = 0;
    for (let i = dims; i > 0; i--) {
      const scaled = fround(features[at + i - 1]! * scale[i - 1]!);
      elevated[i] = sum - fround(i * scaled);
      sum = fround(sum + scaled);
    }
    elevated[0] = sum;
    let off = 0;
    for (let i = 0; i < each; i++) {
      const whole = evenRound(fround(down * elevated[i]!));
      nearest[i] = whole * each;
      off += whole;
    }
    ranks.fill(0);
    for (let i = 0; i < dims; i++) {
      const own = fround(elevated[i]! - nearest[i]!);
      for (let j = i + 1; j < each; j++) {
        ranks[own < fround(elevated[j]! - nearest[j]!) ? i : j]! += 1;
      }
    }
    shares.fill(0);
    for (let i = 0; i < each; i++) {
      ranks[i]! += off;
      const turn = ranks[i]! < 0 ? each : ranks[i]! >= each ? -each : 0;
      ranks[i]! += turn;
      nearest[i]! += turn;
      const part = fround(fround(elevated[i]! - nearest[i]!) * down);
      shares[dims - ranks[i]!]! += part;
      shares[each - ranks[i]!]! -= part;
    }
    shares[0]! += 1 + shares[each]!;
    return { nearest, ranks, shares };
  };
}

/** The nearest whole number; halves go to the even one. */
function evenRound(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Numbers of corners by their keys. */
class CornerTable {
  readonly #dims: number;
  #keys: Int32Array;
  /** 1 + the number of a corner, 0 where there is none. */
  #places: Int32Array;
  size = 0;

  constructor(dims: number, expected: number) {
    this.#dims = dims;
    let room = 64;
    while (room < 2 * expected) room *= 2;
    this.#places = new Int32Array(room);
    this.#keys = new Int32Array((room / 2) * dims);
  }

  /** Coordinate i of a corner. */
  at(corner: number, i: number): number {
    return this.#keys[corner * this.#dims + i]!;
  }

  /** The number of the corner with that key, or −1 where it is not there and none is to be made. */
  find(key: Int32Array, makes: boolean): number {
    const mask = this.#places.length - 1;
    let place = hashOf(key, 0, this.#dims) & mask;
    for (; this.#places[place] !== 0; place = (place + 1) & mask) {
      const corner = this.#places[place]! - 1;
      let i = 0;
      while (i < this.#dims && this.#keys[corner * this.#dims + i] === key[i]) i++;
      if (i === this.#dims) return corner;
    }
    if (!makes) return -1;
    this.#keys.set(key, this.size * this.#dims);
    this.#places[place] = ++this.size;
    if (2 * this.size >= this.#places.length) this.#grow();
    return this.size - 1;
  }

  #grow(): void {
    const keys = new Int32Array(2 * this.#keys.length);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#places = new Int32Array(2 * this.#places.length);
    const mask = this.#places.length - 1;
    for (let corner = 0; corner < this.size; corner++) {
      let place = hashOf(keys, corner * this.#dims, this.#dims) & mask;
      while (this.#places[place] !== 0) place = (place + 1) & mask;
      this.#places[place] = corner + 1;
    }
  }
}

function hashOf(keys: Int32Array, from: number, dims: number): number {
  let hash = 0;
  for (let i = from; i < from + dims; i++) hash = Math.imul(hash + keys[i]!, 1664525);
  return hash ^ (hash >>> 15);
}
