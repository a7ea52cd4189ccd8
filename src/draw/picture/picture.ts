/** A rectangle; of its round corners, `radius` is how round they are. Colours are `#rrggbb`. */
export interface Rectangle {
  readonly kind: "rectangle";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly radius: number;
  readonly fill?: string;
  readonly stroke?: string;
  readonly isDashed?: boolean;
}

/** A place, from left to right and from top to bottom, in points of 1/72 inch. */
export type Point = readonly [x: number, y: number];

/** A step of a path: to a place in a straight line, or in a Bézier curve with two places that draw it. */
export type Step = readonly [to: Point] | readonly [a: Point, b: Point, to: Point];

/** A line through places, or the area within it. */
export interface Path {
  readonly kind: "path";
  readonly from: Point;
  readonly steps: readonly Step[];
  readonly fill?: string;
  readonly stroke?: string;
}

/** One line of text; `y` is where its letters stand. */
export interface Words {
  readonly kind: "words";
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly size: number;
  readonly isBold?: boolean;
  readonly isCentred?: boolean;
  readonly fill: string;
}

/** A picture for any device: what is drawn, in this order, on white. */
export interface Picture {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly (Rectangle | Path | Words)[];
}
