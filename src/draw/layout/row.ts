/** A blob on its way from a box: all who read it are on the same wire. */
export interface Wire {
  readonly from: number;
  readonly blob: string;
  /** The boxes that read it; none for what leaves the net. */
  readonly to: readonly number[];
}

/** What stands in a column of a row. Lengths lie in the direction in which data flows, breadths across it. */
export interface Item {
  /** A box; a name, where a line is not drawn through; a place that a line goes through. */
  readonly kind: "box" | "tag" | "bend";
  readonly column: number;
  readonly length: number;
  readonly breadth: number;
  /** The box's number. */
  readonly node: number;
  /** The tag's name, and whether it says what leaves the net. */
  readonly text: string;
  readonly isOutput: boolean;
}

/** A piece of a wire, from one column to the next. */
interface Link {
  readonly from: number;
  readonly to: number;
  readonly wire: Wire;
}

interface Column {
  items: number[];
}

/** A row of columns; before the first rank stands a column for what comes from the row before, and one for what goes on stands last. */
export interface Row {
  readonly items: readonly Item[];
  readonly links: readonly Link[];
  readonly columns: readonly Column[];
  /** Where wires come from the row before, and go to the next. */
  readonly entries: ReadonlyMap<Wire, number>;
  readonly exits: ReadonlyMap<Wire, number>;
}

/** Boxes, ranked and broken into rows. */
export interface Broken {
  readonly wires: readonly Wire[];
  readonly ranks: readonly number[];
  readonly sizes: readonly Size[];
  /** The first rank of each row. */
  readonly starts: readonly number[];
  readonly tagSize: (text: string) => Size;
}

export interface Size {
  readonly length: number;
  readonly breadth: number;
}

/** Lines that go from a row to the next; of more, the longest are cut and named at both ends. */
const MOST_LANES = 5;
/** How thick a bundle is taken to be where a line passes. */
const LINE = 2;

/**
 * What stands in row `at`.
 * @param came wires from the row before, in the order in which they come
 */
export function rowOf(broken: Broken, at: number, came: readonly Wire[]): Row {
  return new RowBuilder(broken, at).build(came);
}

class RowBuilder {
  readonly #broken: Broken;
  readonly #at: number;
  readonly #items: Item[] = [];
  readonly #links: Link[] = [];
  readonly #columns: Column[];
  readonly #boxes: Map<number, number> = new Map();
  readonly #passing: Map<Wire, Map<number, number>> = new Map();
  readonly #first: number;

  constructor(broken: Broken, at: number) {
    this.#broken = broken;
    this.#at = at;
    const { starts, ranks } = broken;
    this.#first = starts[at] ?? 0;
    const end = starts[at + 1] ?? Math.max(0, ...ranks.map((rank) => rank + 1));
    this.#columns = Array.from({ length: end - this.#first + 2 }, () => ({ items: [] }));
  }

  build(came: readonly Wire[]): Row {
    const { wires, sizes } = this.#broken;
    const entries = new Map(came.map((wire) => [wire, this.#bend(wire, 0)]));
    for (const [node, size] of sizes.entries()) {
      if (this.#rowOf(node) !== this.#at) continue;
      this.#boxes.set(node, this.#add("box", this.#columnOf(node), size, { node }));
    }
    for (const [wire, entry] of entries) this.#join(wire, entry, 0, this.#readersIn(wire));
    const leaving = lanesFrom(this.#broken, this.#at);
    const exits = new Map<Wire, number>();
    for (const wire of wires) {
      if (this.#rowOf(wire.from) === this.#at) this.#start(wire, leaving, exits);
      else if (!entries.has(wire)) this.#tagReaders(wire);
    }
    return { items: this.#items, links: this.#links, columns: this.#columns, entries, exits };
  }

  /** A wire that begins in this row. */
  #start(wire: Wire, leaving: ReadonlySet<Wire>, exits: Map<Wire, number>): void {
    const [from, column] = [this.#boxes.get(wire.from) ?? 0, this.#columnOf(wire.from)];
    this.#join(wire, from, column, this.#readersIn(wire));
    if (leaving.has(wire)) {
      const last = this.#columns.length - 1;
      const before = this.#passTo(wire, from, column, last);
      const exit = this.#bend(wire, last);
      this.#links.push({ from: before, to: exit, wire });
      exits.set(wire, exit);
    }
    const isFar = (node: number): boolean => {
      const row = this.#rowOf(node);
      return row > this.#at && !(row === this.#at + 1 && leaving.has(wire));
    };
    if (wire.to.length > 0 && !wire.to.some(isFar)) return;
    const { blob: text } = wire;
    const isOutput = wire.to.length === 0;
    const tag = this.#add("tag", column + 1, this.#broken.tagSize(text), { text, isOutput });
    this.#links.push({ from, to: tag, wire });
  }

  /** A wire from a row further up, whose readers here have its name before them. */
  #tagReaders(wire: Wire): void {
    const { blob: text } = wire;
    const tags = new Map<number, number>();
    for (const node of this.#readersIn(wire)) {
      const column = this.#columnOf(node) - 1;
      const tag =
        tags.get(column) ?? this.#add("tag", column, this.#broken.tagSize(text), { text });
      tags.set(column, tag);
      this.#links.push({ from: tag, to: this.#boxes.get(node) ?? 0, wire });
    }
  }

  #join(wire: Wire, from: number, column: number, readers: readonly number[]): void {
    for (const node of readers) {
      const before = this.#passTo(wire, from, column, this.#columnOf(node));
      this.#links.push({ from: before, to: this.#boxes.get(node) ?? 0, wire });
    }
  }

  /** The item from which a wire reaches a column: its bends in the columns between are shared by all who read it. */
  #passTo(wire: Wire, from: number, column: number, to: number): number {
    let before = from;
    const passing = this.#passing.get(wire) ?? new Map<number, number>();
    this.#passing.set(wire, passing);
    for (let between = column + 1; between < to; between++) {
      let bend = passing.get(between);
      if (bend === undefined) {
        bend = this.#bend(wire, between);
        passing.set(between, bend);
        this.#links.push({ from: before, to: bend, wire });
      }
      before = bend;
    }
    return before;
  }

  #bend({ blob }: Wire, column: number): number {
    return this.#add("bend", column, { length: 0, breadth: LINE }, { text: blob });
  }

  #add(
    kind: Item["kind"],
    column: number,
    size: Size,
    { node = -1, text = "", isOutput = false }: Partial<Item>,
  ): number {
    const number = this.#items.length;
    this.#items.push({ kind, column, ...size, node, text, isOutput });
    this.#columns[column]?.items.push(number);
    return number;
  }

  #rowOf(node: number): number {
    return rowIndex(this.#broken, node);
  }

  #columnOf(node: number): number {
    return (this.#broken.ranks[node] ?? 0) - this.#first + 1;
  }

  #readersIn({ to }: Wire): number[] {
    return to.filter((node) => this.#rowOf(node) === this.#at);
  }
}

function rowIndex({ starts, ranks }: Broken, node: number): number {
  return starts.findLastIndex((start) => start <= (ranks[node] ?? 0));
}

/** The wires that are drawn from a row to the next: those of few ranks. */
function lanesFrom(broken: Broken, row: number): Set<Wire> {
  const { wires, ranks } = broken;
  const length = ({ from, to }: Wire): number =>
    Math.max(...to.map((node) => ranks[node] ?? 0)) - (ranks[from] ?? 0);
  const leaving = wires
    .filter(
      ({ from, to }) =>
        rowIndex(broken, from) === row && to.some((node) => rowIndex(broken, node) === row + 1),
    )
    .sort((a, b) => length(a) - length(b));
  return new Set(leaving.slice(0, MOST_LANES));
}
