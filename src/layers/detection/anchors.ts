import type { Box } from "../../util/box.ts";
import { CaffeError } from "../../util/errors.ts";

/** What the Python layers of Faster R-CNN read from `param_str`. */
export interface AnchorOptions {
  /** Pixels of the image from one position of the map to the next. */
  readonly stride: number;
  /** Edges of anchors, in units of 16 pixels. */
  readonly scales: readonly number[];
  /** Heights of anchors over their widths. */
  readonly ratios: readonly number[];
  /** How far anchors may reach beyond the image and still be trained. */
  readonly border: number;
}

/** The edge that scales are multiples of. */
const BASE = 16;

/**
 * Reads the YAML that these layers are given: `'feat_stride': 16` and, optional, `'scales': [8, 16, 32]`,
 * `'ratios': [0.5, 1, 2]`, which PVANet's have, and `'allowed_border': 0`, in braces or a line each.
 * @throws CaffeError where another key is there, or a value is no number
 */
export function anchorOptions(text: string): AnchorOptions {
  const keys = [...text.matchAll(/['"]?([A-Za-z_]\w*)['"]?\s*:(?![:/])/g)].map(([, key]) => key);
  const known = ["feat_stride", "scales", "ratios", "allowed_border"];
  const other = keys.find((key) => !known.includes(key ?? ""));
  if (other) {
    throw new CaffeError(`param_str has ${other}. Expected ${known.join(", ")}.`);
  }
  const textOf = (key: string, pattern: string): string | undefined =>
    new RegExp(`['"]?${key}['"]?\\s*:\\s*(?:!!python/tuple\\s*)?${pattern}`).exec(text)?.[1];
  const stride = Number(textOf("feat_stride", "([^\\s,}]+)"));
  if (!(stride > 0)) {
    throw new CaffeError(`param_str is "${text}". Expected 'feat_stride': a number above 0.`);
  }
  const listOf = (key: string): readonly number[] | undefined => {
    const list = textOf(key, "[[(]([^\\])]*)[\\])]");
    const numbers = list?.split(",").flatMap((one) => (one.trim() === "" ? [] : [Number(one)]));
    if (keys.includes(key) && !(numbers?.length && numbers.every((one) => one > 0))) {
      throw new CaffeError(
        `param_str is "${text}". Expected '${key}': [a, b, …] of numbers above 0.`,
      );
    }
    return numbers;
  };
  const border = Number(textOf("allowed_border", "([^\\s,}]+)") ?? 0);
  const [scales, ratios] = [listOf("scales"), listOf("ratios")];
  return { stride, scales: scales ?? [8, 16, 32], ratios: ratios ?? [0.5, 1, 2], border };
}

/** The anchors of a position, each ratio in every scale, in pixels around it. */
function anchorsOf({ scales, ratios }: AnchorOptions): readonly Box[] {
  const middle = (BASE - 1) / 2;
  return ratios.flatMap((ratio) => {
    const width = Math.round(Math.sqrt((BASE * BASE) / ratio));
    const height = Math.round(width * ratio);
    return scales.map((scale): Box => {
      const [x, y] = [(width * scale - 1) / 2, (height * scale - 1) / 2];
      return [middle - x, middle - y, middle + x, middle + y];
    });
  });
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
