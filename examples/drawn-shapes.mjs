// Pictures that examples draw themselves: discs, squares and crosses of any colour on noise.

/** What is drawn, and whether a place within it belongs to it; u and v are −1 to 1 across it. */
const INSIDE = {
  disc: (u, v) => u * u + v * v <= 1,
  square: () => true,
  cross: (u, v) => Math.abs(u) < 0.3 || Math.abs(v) < 0.3,
};
export const SHAPES = Object.keys(INSIDE);

/** A square picture: three planes, blue first, and for each pixel the number of the shape on it, 0 where there is none. */
export class Drawing {
  constructor(side, random) {
    this.side = side;
    this.random = random;
    this.data = Uint8Array.from({ length: 3 * side * side }, () => 40 + random.below(60));
    this.labels = new Uint8Array(side * side);
  }

  /** Draws shape `number` (from 1 on), `size` pixels wide, in a colour of its own. */
  add(number, size, left, top) {
    const isInside = INSIDE[SHAPES[number - 1]];
    const color = [0, 1, 2].map(() => 140 + this.random.below(110));
    const plane = this.side * this.side;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        if (!isInside((2 * x) / (size - 1) - 1, (2 * y) / (size - 1) - 1)) continue;
        const pixel = (top + y) * this.side + left + x;
        for (let c = 0; c < 3; c++) this.data[c * plane + pixel] = color[c];
        this.labels[pixel] = number;
      }
    }
  }

  /**
   * Draws shapes of `least` to `most` pixels where nothing is yet, and gives their numbers and edges; as many as `count`
   * unless there is no room.
   */
  scatter(count, least, most) {
    const things = [];
    for (let trial = 0; trial < 50 && things.length < count; trial++) {
      const size = least + this.random.below(most - least + 1);
      const [left, top] = [0, 0].map(() => this.random.below(this.side - size));
      const thing = { left, top, right: left + size - 1, bottom: top + size - 1 };
      const isApart = ({ left, top, right, bottom }) =>
        thing.left > right + 1 ||
        left > thing.right + 1 ||
        thing.top > bottom + 1 ||
        top > thing.bottom + 1;
      if (!things.every(isApart)) continue;
      const number = 1 + this.random.below(SHAPES.length);
      this.add(number, size, left, top);
      things.push({ ...thing, number });
    }
    return things;
  }
}
