/** Regions that the first stage of Faster R-CNN proposes. */
import { anchorsOf } from "../../layers/rcnn/anchors.ts";
import { proposalOptions } from "../../layers/rcnn/proposal.ts";
import type { ProposalOptions } from "../../layers/rcnn/propose.ts";
import { lengthAlong, line, pad, reverse, slice } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";
import {
  atMost,
  columnOf,
  coordinates,
  countTo,
  listOf,
  NO_SCORE,
  suppress,
} from "./suppression.ts";

/** Regions that a map proposes, image by image; their scores, where the layer gives them. */
export function proposalsOf(at: Site, options: ProposalOptions): readonly string[] {
  const g = at.graph;
  const images = Array.from({ length: at.x.length(0) }, (_, image) => proposed(at, image, options));
  const joined = (parts: readonly string[]): string =>
    parts.length === 1 ? parts[0]! : g.op("Concat", parts, { axis: 0 });
  const rows = joined(images.map(({ rows: own }) => own));
  return [rows, ...(at.tops.length > 1 ? [joined(images.map(({ scores }) => scores))] : [])];
}

/** Regions of one image of the batch, R×5, and their scores, R×1. */
function proposed(
  at: Site,
  image: number,
  options: ProposalOptions,
): { readonly rows: string; readonly scores: string } {
  const { graph: g, x, bottoms } = at;
  const { stride } = options.anchors;
  const anchors = anchorsOf(options.anchors);
  const [, , h = 1, w = 1] = x.axes;
  const count = anchors.length;
  const own = (value: string): string =>
    x.length(0) === 1 ? value : slice(g, value, [0], [image], [image + 1]);
  const told = listOf(g, own(bottoms[2]!.value));
  const number = (i: number): string => slice(g, told, [0], [i], [i + 1]);
  const deltas = at.reshape(own(bottoms[1]!.value), [1, 4 * count, h, w], [count, 4, h, w]);
  const moves = coordinates(g, g.op("Transpose", [deltas], { perm: [2, 3, 0, 1] }), 4);
  const along = (axis: 0 | 1): readonly [string, string] => {
    const all = g.op("Cast", [countTo(g, at.lengthOf(axis === 0 ? w : h))], { to: 1 });
    const shape = axis === 0 ? [1, -1, 1, 1] : [-1, 1, 1, 1];
    const shift = g.op("Reshape", [line(g, all, stride, 0), g.ints(shape)]);
    const sizes = anchors.map((box) => Math.fround(box[axis + 2]!) - Math.fround(box[axis]!) + 1);
    const middles = anchors.map((box, a) => box[axis]! + 0.5 * sizes[a]!);
    const size = g.floats(sizes, [1, 1, count, 1]);
    const start = g.op("Add", [shift, g.floats(middles, [1, 1, count, 1])]);
    const middle = g.op("Add", [g.op("Mul", [moves[axis]!, size]), start]);
    const half = line(g, g.op("Mul", [g.op("Exp", [moves[axis + 2]!]), size]), 0.5, 0);
    const last = line(g, number(1 - axis), 1, -1);
    const within = (edge: string): string =>
      g.op("Max", [g.op("Min", [edge, last]), g.floats([0], [1])]);
    return [within(g.op("Sub", [middle, half])), within(g.op("Add", [middle, half]))];
  };
  const [[x0, x1], [y0, y1]] = [along(0), along(1)];
  const boxes = g.op("Reshape", [g.op("Concat", [x0, y0, x1, y1], { axis: 3 }), g.ints([-1, 4])]);
  const objects = slice(g, own(x.value), [1], [count], [2 * count]);
  const scores = listOf(g, g.op("Transpose", [objects], { perm: [0, 2, 3, 1] }));
  const least = line(g, number(2), options.leastSize, 0);
  const isLarge = (from: string, to: string): string =>
    g.op("Not", [g.op("Less", [line(g, g.op("Sub", [to, from]), 1, 1), least])]);
  const isKept = listOf(g, g.op("And", [isLarge(x0, x1), isLarge(y0, y1)]));
  // Of equal scores the last comes first.
  const [large = "", found = ""] = [boxes, scores].map((one) =>
    reverse(g, g.op("Compress", [one, isKept], { axis: 0 }), [0]),
  );
  const most = atMost(g, lengthAlong(g, found, 0), options.candidates);
  const [top = "", order = ""] = g.ops("TopK", [found, most], 2, {
    axis: 0,
    largest: 1,
    sorted: 1,
  });
  const best = g.op("Gather", [large, order], { axis: 0 });
  // The last pixel of a box is within.
  const edges = g.op("Add", [best, g.floats([0, 0, 1, 1], [1, 4])]);
  const { box } = suppress(
    g,
    g.op("Reshape", [edges, g.ints([1, -1, 4])]),
    g.op("Reshape", [top, g.ints([1, 1, -1])]),
    { overlap: options.overlap, least: NO_SCORE, most: g.ints([options.most]) },
  );
  const regions = g.op("Gather", [best, box], { axis: 0 });
  const rows = pad(g, regions, [0, 1], [0, 0], image);
  return { rows, scores: columnOf(g, g.op("Gather", [top, box])) };
}

const proposal: Translation = (at) => proposalsOf(at, proposalOptions(at.param.proposal_param));

/** Regions of anchors. */
export const proposals: Readonly<Record<string, Translation>> = { Proposal: proposal };
