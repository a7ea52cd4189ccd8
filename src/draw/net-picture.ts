import { withoutControls } from "../util/printable.ts";
import { type DrawOptions, ROLE_COLOURS } from "./draw-options.ts";
import { layOut } from "./layout/layout.ts";
import type { Area, FrameInput, Layout, LayoutInput, Place } from "./layout/layout-parts.ts";
import type { Size, Wire } from "./layout/row.ts";
import type { Fold, GraphNode, NetGraph } from "./net-graph.ts";
import { textRoom } from "./picture/font.ts";
import type { Path, Picture, Point, Rectangle, Step, Words } from "./picture/picture.ts";

type Direction = NonNullable<DrawOptions["rankdir"]>;

const MARGIN = 18;
const LINE_HEIGHT = 13;
const NAME_SIZE = 11;
const TEXT_SIZE = 10;
const SMALL_SIZE = 9;
const PADDING = 7;
const RADIUS = 5;
const ARROW = 6;
/** What a name is cut to. */
const LONGEST = 44;

const INK = "#1a1a1a";
const SOFT = "#555555";
const EDGE = "#666666";
const FRAME = "#f7f7f7";

/** A row of a box: lines of text on a colour. */
interface Section {
  readonly lines: readonly {
    readonly text: string;
    readonly size: number;
    readonly isBold: boolean;
  }[];
  readonly fill: string;
}

/** A net's graph as a picture, no wider than `wrap` points where that can be. */
export function netPicture(
  graph: NetGraph,
  title: string,
  { rankdir = "LR", wrap = 1700 }: Pick<DrawOptions, "rankdir" | "wrap">,
): Picture {
  return new NetPicture(graph, rankdir).drawn(title, wrap);
}

class NetPicture {
  readonly #graph: NetGraph;
  readonly #direction: Direction;
  readonly #sections: readonly (readonly Section[])[];
  readonly #shapes: (Rectangle | Path | Words)[] = [];

  constructor(graph: NetGraph, direction: Direction) {
    this.#graph = graph;
    this.#direction = direction;
    this.#sections = graph.nodes.map(sectionsOf);
  }

  drawn(title: string, wrap: number): Picture {
    const layout = this.#laidOut(wrap);
    const [width, height] = this.#isAcross
      ? [layout.length, layout.breadth]
      : [layout.breadth, layout.length];
    this.#drawFrames(layout);
    this.#drawLines(layout);
    this.#drawTitles(layout);
    this.#drawBoxes(layout);
    this.#drawTags(layout);
    return {
      title,
      width: Math.ceil(width + 2 * MARGIN),
      height: Math.ceil(height + 2 * MARGIN),
      shapes: this.#shapes,
    };
  }

  /** Whether data flows to the right or the left. */
  get #isAcross(): boolean {
    return this.#direction === "LR" || this.#direction === "RL";
  }

  /** Rows of this length; or, where data flows down or up, columns that are as high as it takes for few of them to be needed. */
  #laidOut(wrap: number): Layout {
    const limit = wrap <= 0 ? 0 : Math.max(1, wrap - 2 * MARGIN - 60);
    if (this.#isAcross || limit === 0) return layOut(this.#input(limit));
    for (let height = 0.75 * limit; ; height *= 1.3) {
      const layout = layOut(this.#input(height));
      if (layout.rowCount === 1 || layout.breadth + 2 * MARGIN <= wrap) return layout;
    }
  }

  #input(limit: number): LayoutInput {
    const { nodes, edges, outputs, folds } = this.#graph;
    const wires = new Map<string, { from: number; blob: string; to: number[] }>();
    for (const { from, to, blob } of edges) {
      const key = `${from} ${blob}`;
      const wire = wires.get(key) ?? { from, blob, to: [] };
      wires.set(key, wire);
      if (!wire.to.includes(to)) wire.to.push(to);
    }
    return {
      sizes: this.#sections.map((sections, node) => {
        const size = this.#turned(boxSize(sections));
        return { ...size, breadth: Math.max(size.breadth, this.#portRoom(node)) };
      }),
      wires: [...wires.values(), ...outputs.map(({ from, blob }) => ({ from, blob, to: [] }))],
      tagSize: (text) => this.#turned([textRoom(shortened(text), SMALL_SIZE) + 2 * PADDING, 17]),
      labelLength: ({ from, blob }: Wire) => {
        if ((nodes[from]?.tops.length ?? 0) < 2) return 0;
        return this.#isAcross ? textRoom(shortened(blob), SMALL_SIZE) : LINE_HEIGHT;
      },
      portGap: (node) => this.#portGap(node),
      frames: folds.map((fold) => this.#frameInput(fold)),
      limit,
    };
  }

  /** How broad a box is at least, for what goes in and out to lie apart: names lie between what goes out, where it goes across. */
  #portRoom(node: number): number {
    const into = this.#graph.edges.filter(({ to }) => to === node).length;
    const tops = this.#graph.nodes[node]?.tops.length ?? 0;
    return Math.max(8 * into, tops > 1 ? this.#portGap(node) * tops : 0) + 10;
  }

  /** How far what goes out of a box lies apart: so far that names do not meet. */
  #portGap(node: number): number {
    const tops = this.#graph.nodes[node]?.tops ?? [];
    if (this.#isAcross || tops.length < 2) return LINE_HEIGHT;
    return Math.max(...tops.map(({ blob }) => textRoom(shortened(blob), SMALL_SIZE))) + PADDING;
  }

  /** A frame has its title above, whichever way data flows. */
  #frameInput(fold: Fold): FrameInput {
    const height = LINE_HEIGHT + 3;
    const least = this.#turned([textRoom(foldTitle(fold), TEXT_SIZE, true) + 2 * PADDING, 0]);
    return {
      nodes: fold.nodes,
      title: {
        along: this.#direction === "TB" ? height : 0,
        behind: this.#direction === "BT" ? height : 0,
        across: this.#isAcross ? height : 0,
        least,
      },
    };
  }

  #turned([width, height]: Point): Size {
    return this.#isAcross ? { length: width, breadth: height } : { length: height, breadth: width };
  }

  /** Where a place of the layout lies in the picture. */
  #point(layout: Layout, [along, across]: Place): Point {
    const isBack = this.#direction === "RL" || this.#direction === "BT";
    const flow = MARGIN + (isBack ? layout.length - along : along);
    return this.#isAcross ? [flow, MARGIN + across] : [MARGIN + across, flow];
  }

  #rectangle(layout: Layout, { along, across, length, breadth }: Area): Room {
    const [a, b] = this.#point(layout, [along, across]);
    const [c, d] = this.#point(layout, [along + length, across + breadth]);
    return {
      x: Math.min(a, c),
      y: Math.min(b, d),
      width: Math.abs(c - a),
      height: Math.abs(d - b),
    };
  }

  #drawFrames(layout: Layout): void {
    for (const { frame, ...area } of layout.frames) {
      const fold = this.#graph.folds[frame];
      if (!fold) continue;
      const room = this.#rectangle(layout, area);
      const look = { radius: 2 * RADIUS, fill: FRAME, stroke: "#999999", isDashed: true };
      this.#shapes.push({ kind: "rectangle", ...room, ...look });
    }
  }

  /** Titles of frames, over lines that go through the frames' upper edges. */
  #drawTitles(layout: Layout): void {
    for (const { frame, ...area } of layout.frames) {
      const fold = this.#graph.folds[frame];
      if (!fold) continue;
      const { x, y } = this.#rectangle(layout, area);
      const [text, height] = [foldTitle(fold), LINE_HEIGHT];
      const width = textRoom(text, TEXT_SIZE, true);
      const ground = {
        x: x + PADDING - 2,
        y: y + 3,
        width: width + 4,
        height,
        radius: 0,
        fill: FRAME,
      };
      this.#shapes.push({ kind: "rectangle", ...ground });
      this.#write(text, x + PADDING, y + LINE_HEIGHT, TEXT_SIZE, { isBold: true });
    }
  }

  #drawLines(layout: Layout): void {
    const at = (place: Place): Point => this.#point(layout, place);
    for (const { from, steps, hasArrow } of layout.lines) {
      this.#shapes.push({
        kind: "path",
        from: at(from),
        steps: steps.map(
          (step): Step =>
            step.length === 1 ? [at(step[0])] : [at(step[0]), at(step[1]), at(step[2])],
        ),
        stroke: EDGE,
      });
      const tip = steps.at(-1)?.at(-1);
      if (!hasArrow || !tip) continue;
      const [along, across] = tip;
      const back = along - ARROW;
      this.#shapes.push({
        kind: "path",
        from: at(tip),
        steps: [[at([back, across - ARROW / 2])], [at([back, across + ARROW / 2])], [at(tip)]],
        fill: EDGE,
      });
    }
    for (const { text, at: place } of layout.labels) {
      const [x, y] = at(place);
      const width = textRoom(shortened(text), SMALL_SIZE);
      const [left, top] = {
        LR: [x + 4, y - 3],
        RL: [x - 4 - width, y - 3],
        TB: [x + 4, y + SMALL_SIZE + 2],
        BT: [x + 4, y - 5],
      }[this.#direction] as [number, number];
      this.#write(shortened(text), left, top, SMALL_SIZE, { fill: SOFT });
    }
  }

  #drawBoxes(layout: Layout): void {
    for (const { node, ...area } of layout.boxes) {
      const room = this.#rectangle(layout, area);
      const sections = this.#sections[node] ?? [];
      this.#fill(sections, room);
      const content = sections.reduce((sum, { lines }) => sum + sectionHeight(lines.length), 0);
      let y = sections.length > 1 ? room.y : room.y + (room.height - content) / 2;
      for (const { lines } of sections) {
        y += SECTION_PADDING;
        for (const { text, size, isBold } of lines) {
          y += LINE_HEIGHT;
          const place = { isBold, isCentred: true };
          this.#write(text, room.x + room.width / 2, y - 3, size, place);
        }
        y += SECTION_PADDING;
      }
      const fold = this.#graph.folds.findIndex(({ nodes }) => nodes.includes(node));
      if (fold >= 0 && !layout.frames.some(({ frame }) => frame === fold)) {
        this.#drawBadge(`×${this.#graph.folds[fold]?.count}`, room);
      }
    }
  }

  /** The colours of a box, whose corners are round, and its outline. */
  #fill(sections: readonly Section[], room: Room): void {
    const corners = { kind: "rectangle", radius: RADIUS } as const;
    this.#shapes.push({ ...corners, ...room, fill: sections.at(-1)?.fill ?? "#ffffff" });
    let y = room.y;
    for (const [i, { lines, fill }] of sections.slice(0, -1).entries()) {
      const height = sectionHeight(lines.length);
      const { x, width } = room;
      if (i === 0) this.#shapes.push({ ...corners, x, y, width, height, fill });
      const top = i === 0 ? y + RADIUS : y;
      const rest = { x, y: top, width, height: y + height - top };
      this.#shapes.push({ kind: "rectangle", radius: 0, ...rest, fill });
      y += height;
    }
    this.#shapes.push({ ...corners, ...room, stroke: EDGE });
  }

  /** How often a box is there, at its corner, where no frame says it. */
  #drawBadge(text: string, { x, y, width }: Room): void {
    const size = textRoom(text, TEXT_SIZE, true) + PADDING;
    const room = { x: x + width - size + PADDING, y: y - 8, width: size, height: 15 };
    this.#shapes.push({ kind: "rectangle", radius: 7, ...room, fill: "#ffffff", stroke: EDGE });
    this.#write(text, room.x + size / 2, room.y + 11, TEXT_SIZE, { isBold: true, isCentred: true });
  }

  /** Names of what leaves the net, and of what goes to or comes from another row. */
  #drawTags(layout: Layout): void {
    for (const { text, isOutput, ...area } of layout.tags) {
      const room = this.#rectangle(layout, area);
      const { x, y, width, height } = room;
      if (!isOutput) {
        const look = { radius: height / 2, fill: "#ffffff", stroke: "#999999", isDashed: true };
        this.#shapes.push({ kind: "rectangle", ...room, ...look });
      }
      this.#write(shortened(text), x + width / 2, y + height / 2 + 3, SMALL_SIZE, {
        isCentred: true,
        fill: isOutput ? INK : SOFT,
      });
    }
  }

  #write(
    text: string,
    x: number,
    y: number,
    size: number,
    look: { readonly isBold?: boolean; readonly isCentred?: boolean; readonly fill?: string } = {},
  ): void {
    this.#shapes.push({ kind: "words", x, y, text, size, fill: INK, ...look });
  }
}

/** Where a rectangle of the picture lies. */
type Room = Pick<Rectangle, "x" | "y" | "width" | "height">;

const SECTION_PADDING = 3;

function sectionHeight(lines: number): number {
  return lines * LINE_HEIGHT + 2 * SECTION_PADDING;
}

function boxSize(sections: readonly Section[]): Point {
  const widths = sections.flatMap(({ lines }) =>
    lines.map(({ text, size, isBold }) => textRoom(text, size, isBold)),
  );
  const heights = sections.map(({ lines }) => sectionHeight(lines.length));
  return [Math.max(...widths) + 2 * PADDING, heights.reduce((sum, height) => sum + height, 0)];
}

/** What a box says: its layer's name, type and details; those in place, a line each; what it makes, where that is to be told. */
function sectionsOf({ parts, tops }: GraphNode): Section[] {
  const sections = parts.map(({ name, type, details, role }, i): Section => {
    const text = (line: string) => ({ text: shortened(line), size: TEXT_SIZE, isBold: false });
    const title = { text: shortened(name), size: NAME_SIZE, isBold: true };
    const lines =
      i === 0
        ? [title, ...[type, ...details].map(text)]
        : [text([`${name}: ${type}`, ...details].join(", "))];
    return { lines, fill: ROLE_COLOURS[role] };
  });
  const names = new Set(parts.map(({ name }) => name));
  const made = tops.flatMap(({ blob, shape }) => {
    const name = tops.length > 1 || !names.has(blob) ? blob : undefined;
    if (shape === undefined) return tops.length === 1 && name !== undefined ? [`top ${name}`] : [];
    return [name === undefined ? shape : `top ${name}: ${shape}`];
  });
  if (made.length === 0) return sections;
  const lines = made.map((text) => ({ text: shortened(text), size: SMALL_SIZE, isBold: false }));
  return [...sections, { lines, fill: "#ffffff" }];
}

function foldTitle({ count, first, last }: Fold): string {
  return `×${count}: ${shortened(first)} … ${shortened(last)}`;
}

/** A text as it is drawn: the middle of a long one is left out. */
function shortened(text: string): string {
  const shown = withoutControls(text);
  if (shown.length <= LONGEST) return shown;
  return `${shown.slice(0, LONGEST / 2)}…${shown.slice(1 - LONGEST / 2)}`;
}
