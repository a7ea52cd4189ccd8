import type { Size, Wire } from "./row.ts";

/** A place in a layout: along the direction in which data flows, and across it. */
export type Place = readonly [along: number, across: number];

/** A rectangle in a layout, by the place where it begins. */
export interface Area extends Size {
  readonly along: number;
  readonly across: number;
}

/** Boxes that are framed, and the room that the frame's title needs within it. */
export interface FrameInput {
  readonly nodes: readonly number[];
  /** Before the boxes along and across, behind them along, and at least in all. */
  readonly title: {
    readonly along: number;
    readonly across: number;
    readonly behind: number;
    readonly least: Size;
  };
}

/** What is to be laid out. */
export interface LayoutInput {
  /** Of each box; boxes stand in the order in which they run. */
  readonly sizes: readonly Size[];
  readonly wires: readonly Wire[];
  readonly tagSize: (text: string) => Size;
  /** How long a wire's name is that stands at its beginning; 0 for none. */
  readonly labelLength: (wire: Wire) => number;
  /** How far apart lines leave a box, if there is room. */
  readonly portGap: (node: number) => number;
  readonly frames: readonly FrameInput[];
  /** Rows are no longer than this, in so far as ranks are not; 0 for one row. */
  readonly limit: number;
}

/** A line from place to place in steps as `Picture` has them; an arrow ends in a box. */
export interface LaidLine {
  readonly from: Place;
  readonly steps: readonly (readonly [Place] | readonly [Place, Place, Place])[];
  readonly hasArrow: boolean;
}

/** Where everything stands; nothing lies before 0. */
export interface Layout extends Size {
  readonly boxes: readonly (Area & { readonly node: number })[];
  readonly tags: readonly (Area & { readonly text: string; readonly isOutput: boolean })[];
  readonly lines: readonly LaidLine[];
  readonly labels: readonly { readonly text: string; readonly at: Place }[];
  /** Areas of the frames by number, in pieces where a row ends within; those that would hold others' boxes are not there. */
  readonly frames: readonly (Area & { readonly frame: number })[];
  readonly rowCount: number;
}
