import type { Area, FrameInput, LayoutInput } from "./layout-parts.ts";
import { placeItems } from "./places.ts";
import type { Item, Row, Wire } from "./row.ts";

/** Room that a column needs for lines that go to the next, at least. */
export const GAP = 28;
/** A frame's distance from its boxes. */
const PAD = 9;
/** How far apart lines reach a box. */
const PORTS = 14;

/** A row whose items have places; its first column begins at 0, and its highest item too. */
export class MeasuredRow {
  readonly row: Row;
  readonly input: LayoutInput;
  readonly breadth: number;
  readonly length: number;
  readonly frames: readonly (Area & { readonly frame: number })[];
  readonly #places: readonly number[];
  readonly #begins: readonly number[];
  readonly #lengths: readonly number[];
  readonly #shift: number;

  constructor(row: Row, input: LayoutInput) {
    this.row = row;
    this.input = input;
    this.#places = placeItems(row);
    this.#lengths = row.columns.map(({ items }) =>
      Math.max(0, ...items.map((item) => row.items[item]?.length ?? 0)),
    );
    const begins: number[] = [];
    let at = 0;
    for (const [i, length] of this.#lengths.entries()) {
      begins.push(at);
      at += length + this.#gapBehind(i);
    }
    this.#begins = begins;
    this.#shift = 0;
    const framed = input.frames.flatMap((_, i) => this.#frame(i));
    const areas = [...row.items.map((item, i) => this.areaOf(item, i)), ...framed];
    this.#shift = areas.length > 0 ? -Math.min(...areas.map(({ across }) => across)) : 0;
    this.frames = framed.map((area) => ({ ...area, across: area.across + this.#shift }));
    const ends = areas.map(({ across, breadth }) => across + breadth);
    this.breadth = areas.length > 0 ? Math.max(...ends) + this.#shift : 0;
    this.length = Math.max(0, ...areas.map(({ along, length }) => along + length));
  }

  areaOf({ column, length, breadth }: Item, i: number): Area {
    const along = (this.#begins[column] ?? 0) + ((this.#lengths[column] ?? 0) - length) / 2;
    return { along, across: this.acrossOf(i) - breadth / 2, length, breadth };
  }

  acrossOf(item: number): number {
    return (this.#places[item] ?? 0) + this.#shift;
  }

  /** Where a column begins and ends. */
  columnOf({ column }: Item): readonly [number, number] {
    const begin = this.#begins[column] ?? 0;
    return [begin, begin + (this.#lengths[column] ?? 0)];
  }

  /** Room for the lines behind a column: more where they go far across, or begin with a name. */
  #gapBehind(column: number): number {
    const { items, links, columns } = this.row;
    const leaving = links.filter(({ from }) => items[from]?.column === column);
    if (columns[column]?.items.length === 0 || column === columns.length - 1) return 0;
    const far = leaving.map(({ from, to }) =>
      Math.abs((this.#places[from] ?? 0) - (this.#places[to] ?? 0)),
    );
    const titles = this.input.frames.flatMap(({ nodes, title }) => {
      const inColumn = (at: number): boolean =>
        items.some(({ column: own, node }) => own === at && nodes.includes(node));
      const [here, next] = [inColumn(column), inColumn(column + 1)];
      return here === next ? [] : [here ? title.behind : title.along];
    });
    return (
      GAP +
      Math.min(50, 0.12 * Math.max(0, ...far)) +
      Math.max(0, ...titles) +
      this.labelRoom(column)
    );
  }

  /** How far the lines behind a column go straight, under their names. */
  labelRoom(column: number): number {
    const { items, links } = this.row;
    const lengths = links
      .filter(({ from, to }) => items[from]?.column === column && isNamedLink(this.row, from, to))
      .map(({ wire }) => this.input.labelLength(wire));
    return Math.max(0, ...lengths);
  }

  /** The area of a frame's boxes in this row; none where it would hold another's. */
  #frame(frame: number): (Area & { readonly frame: number })[] {
    const { items } = this.row;
    const { nodes, title } = this.input.frames[frame] as FrameInput;
    const isMember = (item: Item): boolean => item.kind === "box" && nodes.includes(item.node);
    const areas = items.flatMap((item, i) => (isMember(item) ? [this.areaOf(item, i)] : []));
    if (areas.length === 0) return [];
    const [along, across] = [
      Math.min(...areas.map((area) => area.along)) - PAD - title.along,
      Math.min(...areas.map((area) => area.across)) - PAD - title.across,
    ];
    const [end, bottom] = [
      Math.max(...areas.map((area) => area.along + area.length)) + PAD + title.behind,
      Math.max(...areas.map((area) => area.across + area.breadth)) + PAD,
    ];
    const area = {
      along,
      across,
      length: Math.max(end - along, title.least.length),
      breadth: Math.max(bottom - across, title.least.breadth),
    };
    const isClear = items.every(
      (item, i) => item.kind === "bend" || isMember(item) || !overlaps(this.areaOf(item, i), area),
    );
    return isClear ? [{ ...area, frame }] : [];
  }
}

/** Whether a link begins at a box and is not named by a tag. */
export function isNamedLink({ items }: Row, from: number, to: number): boolean {
  return items[from]?.kind === "box" && items[to]?.kind !== "tag";
}

function overlaps(a: Area, b: Area): boolean {
  return (
    a.along < b.along + b.length &&
    b.along < a.along + a.length &&
    a.across < b.across + b.breadth &&
    b.across < a.across + a.breadth
  );
}

/** How far from the middle of its boxes each link begins and ends: links lie beside one another, in the order of what they are joined to. */
export function portsOf(measured: MeasuredRow): (readonly [out: number, into: number])[] {
  const { items, links } = measured.row;
  const ports = links.map((): [number, number] => [0, 0]);
  for (const [i, { breadth, kind, node }] of items.entries()) {
    if (kind !== "box") continue;
    const wires = new Map<Wire, number[]>();
    for (const { from, to, wire } of links) {
      if (from === i) wires.set(wire, [...(wires.get(wire) ?? []), measured.acrossOf(to)]);
    }
    const mean = (places: readonly number[]): number =>
      places.reduce((sum, place) => sum + place, 0) / places.length;
    const out = [...wires].sort(([, a], [, b]) => mean(a) - mean(b)).map(([wire]) => wire);
    const into = [...links.keys()]
      .filter((k) => links[k]?.to === i)
      .sort(
        (a, b) => measured.acrossOf(links[a]?.from ?? 0) - measured.acrossOf(links[b]?.from ?? 0),
      );
    const offset = (at: number, count: number, gap: number): number =>
      (at - (count - 1) / 2) * Math.min(gap, (breadth - 10) / count);
    for (const [k, { from, wire }] of links.entries()) {
      const port = ports[k];
      if (port && from === i)
        port[0] = offset(out.indexOf(wire), out.length, measured.input.portGap(node));
    }
    for (const [at, k] of into.entries()) {
      const port = ports[k];
      if (port) port[1] = offset(at, into.length, PORTS);
    }
  }
  return ports;
}
