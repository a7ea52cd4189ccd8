import type { LayerRole } from "../layers/base/layer.ts";
import { type OptionNames, oneOf, whole, yesOrNo } from "../util/options.ts";
import type { Shape } from "../util/shape.ts";

/** How a net is drawn. */
export interface DrawOptions {
  /** Which way data flows: left to right (LR, the default), top to bottom (TB), or the reverse of these. */
  readonly rankdir?: "LR" | "TB" | "RL" | "BT";
  /** Show what each layer's weights learn with (lr_mult). */
  readonly displayLrMult?: boolean;
  /** Shapes of blobs by their names, to be written beside the layers that make them. */
  readonly shapes?: ReadonlyMap<string, Shape>;
  /** Draw blocks that follow one another unchanged once, with their number; true by default. DOT has every layer. */
  readonly fold?: boolean;
  /** About how wide a picture may be, in points of 1/72 inch, before a long chain goes on in a new row; 0 for one row; 1700 by default. DOT has one. */
  readonly wrap?: number;
}

/** The names of the options, for `checkOptions`. */
export const drawOptions: OptionNames<DrawOptions> = {
  rankdir: oneOf("LR", "TB", "RL", "BT"),
  displayLrMult: yesOrNo,
  shapes: true,
  fold: yesOrNo,
  wrap: whole,
};

/** What layers are filled with, by what they do. */
export const ROLE_COLOURS: Readonly<Record<LayerRole, string>> = {
  source: "#d5e8d4",
  input: "#d5e8d4",
  constant: "#d5e8d4",
  result: "#f8cecc",
  learned: "#dae8fc",
  window: "#ffe6cc",
  normalization: "#e1d5e7",
  activation: "#fff2cc",
  other: "#eeeeee",
};

/** A shape as it is drawn. */
export function drawnShape(shape: Shape): string {
  return shape.join("×") || "scalar";
}
