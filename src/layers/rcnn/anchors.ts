import type { Box } from "../../util/box.ts";
import type { ParamStr } from "./param-str.ts";

/** How anchors lie. */
export interface AnchorOptions {
  /** Pixels of the image from one position of the map to the next. */
  readonly stride: number;
  /** The edge that scales are multiples of. */
  readonly base: number;
  readonly scales: readonly number[];
  /** Heights of anchors over their widths. */
  readonly ratios: readonly number[];
}

/** The keys of `param_str` that `anchorOptions` reads. */
export const ANCHOR_KEYS: readonly string[] = ["feat_stride", "scales", "ratios"];
/** What is taken where nothing is written. */
export const ANCHORS = { base: 16, scales: [8, 16, 32], ratios: [0.5, 1, 2] } as const;

/** How anchors lie by `param_str`: feat_stride (required), scales, and ratios, which PVANet's have. */
export function anchorOptions(param: ParamStr): AnchorOptions {
  return {
    stride: param.number("feat_stride"),
    base: ANCHORS.base,
    scales: param.list("scales", ANCHORS.scales),
    ratios: param.list("ratios", ANCHORS.ratios),
  };
}

/** The anchors of a position, each ratio in every scale, in pixels around it. */
export function anchorsOf({ base, scales, ratios }: AnchorOptions): readonly Box[] {
  const middle = (base - 1) / 2;
  return ratios.flatMap((ratio) => {
    const width = evenRound(Math.sqrt((base * base) / ratio));
    const height = evenRound(width * ratio);
    return scales.map((scale): Box => {
      const [x, y] = [(width * scale - 1) / 2, (height * scale - 1) / 2];
      return [middle - x, middle - y, middle + x, middle + y];
    });
  });
}

/** The nearest whole number; halves go to the even one, as numpy's round has it. */
function evenRound(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

/** The anchors of every position of a map, row by row. */
export function anchorsOfMap(
  options: AnchorOptions,
  height: number,
  width: number,
): readonly Box[] {
  const own = anchorsOf(options);
  const { stride } = options;
  const all: Box[] = [];
  for (let h = 0; h < height; h++) {
    for (let w = 0; w < width; w++) {
      const [x, y] = [w * stride, h * stride];
      for (const [x0, y0, x1, y1] of own) all.push([x0 + x, y0 + y, x1 + x, y1 + y]);
    }
  }
  return all;
}

/** How many anchors a position has. */
export function anchorCount({ scales, ratios }: AnchorOptions): number {
  return ratios.length * scales.length;
}
