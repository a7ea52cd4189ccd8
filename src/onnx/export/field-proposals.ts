/** What maps of receptive fields propose: the first stage of MS-CNN and Cascade R-CNN. */
import { withDefaults } from "../../io/proto/messages.ts";
import { boxScaleOf } from "../../layers/cascade/box-scale.ts";
import { offsetBounds } from "../../layers/cascade/fields.ts";
import { type ProposalOptions, proposalOptions } from "../../layers/cascade/proposal-output.ts";
import type { Axis, Operand } from "../graph/axes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import {
  asFloat,
  clip,
  lengthAlong,
  line,
  reduce,
  reverse,
  slice,
  split,
} from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";
import {
  atMost,
  checkUnion,
  columnOf,
  countTo,
  LOWEST,
  NO_SCORE,
  orMore,
  suppress,
} from "./suppression.ts";

/** Arrays of one shape for the four numbers of a box: edges, or a corner and a size. */
type Four = readonly [string, string, string, string];

/** A map whose cells have A fields each: all arrays are N×A×…×H×W. */
interface FieldMap {
  readonly scores: string;
  /** Four numbers along axis 2. */
  readonly offsets: string;
  readonly widths: readonly number[];
  readonly heights: readonly number[];
  readonly stride: number;
  readonly axes: readonly [height: Axis, width: Axis];
}

/** Boxes N×P×4, their scores N×P, and boxes as suppression measures them. */
interface Candidates {
  readonly boxes: string;
  readonly areas: string;
  readonly scores: string;
}

/** Corners and sizes of the boxes that offsets mean, within bounds of their fields. */
function patchesOf(at: Site, map: FieldMap, { fieldXyr, fieldWhr }: ProposalOptions): Four {
  const g = at.graph;
  const { mean, std } = boxScaleOf(at.param.bbox_reg_param, at.failing);
  const bounds = offsetBounds(fieldXyr, fieldWhr);
  const offsets = split(g, map.offsets, 2, [1, 1, 1, 1]).map((one, k) =>
    clip(g, line(g, one, std[k]!, mean[k]!), ...(k < 2 ? bounds.middle : bounds.size)),
  );
  const along = (k: 0 | 1): readonly [string, string] => {
    const fields = k === 0 ? map.widths : map.heights;
    const sizes = g.floats(fields, [1, fields.length, 1, 1, 1]);
    const cells = asFloat(g, countTo(g, at.lengthOf(map.axes[1 - k]!)));
    const middles = g.op("Reshape", [
      line(g, cells, map.stride, 0.5 * map.stride),
      g.ints(k === 0 ? [1, 1, 1, 1, -1] : [1, 1, 1, -1, 1]),
    ]);
    const middle = g.op("Add", [g.op("Mul", [offsets[k]!, sizes]), middles]);
    const size = g.op("Mul", [g.op("Exp", [offsets[k + 2]!]), sizes]);
    return [g.op("Sub", [middle, line(g, size, 0.5, 0)]), size];
  };
  const [[x, width], [y, height]] = [along(0), along(1)];
  return [x, y, width, height];
}

/** How far the image reaches beneath a map, along both axes. */
function reachOf(at: Site, { axes, stride }: FieldMap): readonly [width: string, height: string] {
  const along = (axis: Axis): string =>
    typeof axis === "number"
      ? at.graph.floats([axis * stride])
      : line(at.graph, asFloat(at.graph, at.lengthOf(axis)), stride, 0);
  return [along(axes[1]), along(axes[0])];
}

/** A map's boxes; those whose score or size is not enough have the lowest score. */
function candidatesOf(
  g: GraphBuilder,
  scores: string,
  boxes: Four,
  areas: Four,
  [width, height]: readonly [string, string],
  { threshold, leastSize }: ProposalOptions,
): Candidates {
  const isLarge = g.op("And", [orMore(g, width, leastSize), orMore(g, height, leastSize)]);
  const isFound = g.op("And", [isLarge, orMore(g, scores, threshold)]);
  const rows = (four: Four): string =>
    g.op("Reshape", [
      g.op("Transpose", [g.op("Concat", four, { axis: 2 })], { perm: [0, 1, 3, 4, 2] }),
      g.ints([0, -1, 4]),
    ]);
  const found = g.op("Where", [isFound, scores, g.floats([LOWEST])]);
  return {
    boxes: rows(boxes),
    areas: boxes === areas ? rows(boxes) : rows(areas),
    scores: g.op("Reshape", [found, g.ints([0, -1])]),
  };
}

/** Of the maps' boxes those that overlap no better one: the layer's tops. */
function chosen(
  at: Site,
  maps: readonly Candidates[],
  { candidates, most, overlap }: ProposalOptions,
  order: (x: string) => string,
): readonly string[] {
  const g = at.graph;
  const joined = (pick: (map: Candidates) => string): string => {
    const parts = maps.map(pick);
    return order(parts.length === 1 ? parts[0]! : g.op("Concat", parts, { axis: 1 }));
  };
  let [boxes, areas, scores] = [
    joined((map) => map.boxes),
    joined((map) => map.areas),
    joined((map) => map.scores),
  ];
  if (candidates > 0) {
    const count = atMost(g, lengthAlong(g, scores, 1), candidates);
    const [best = "", index = ""] = g.ops("TopK", [scores, count], 2, {
      axis: 1,
      largest: 1,
      sorted: 1,
    });
    const places = g.op("Expand", [
      g.op("Reshape", [index, g.ints([0, -1, 1])]),
      g.ints([1, 1, 4]),
    ]);
    const taken = (from: string): string => g.op("GatherElements", [from, places], { axis: 1 });
    [boxes, areas, scores] = [taken(boxes), taken(areas), best];
  }
  const kept = suppress(g, areas, g.op("Reshape", [scores, g.ints([0, 1, -1])]), {
    overlap,
    least: NO_SCORE,
    most: most > 0 ? g.ints([most]) : lengthAlong(g, scores, 1),
  });
  const place = g.op("Concat", [columnOf(g, kept.image), columnOf(g, kept.box)], { axis: 1 });
  const regions = [asFloat(g, columnOf(g, kept.image)), g.op("GatherND", [boxes, place])];
  const score = columnOf(g, g.op("GatherND", [scores, place]));
  const isNone = g.op("Equal", [lengthAlong(g, kept.image, 0), g.ints([0])]);
  // Region pooling needs one: a region that stands for none.
  const rows = (parts: readonly string[], none: readonly number[]): string => {
    const empty = g.op("Compress", [g.floats(none, [1, none.length]), isNone], { axis: 0 });
    const all = g.op("Concat", [g.op("Concat", parts, { axis: 1 }), empty], { axis: 0 });
    return g.op("Reshape", [all, g.ints([-1, none.length, 1, 1])]);
  };
  const tops = [rows(regions, NONE)];
  if (at.tops.length > 1) tops.push(rows([...regions, score], [0, 0, 0, 0, 0, 0]));
  return tops;
}

/** The region that stands for none. */
const NONE = [0, 1, 1, 10, 10];

const boxOutput: Translation = (at) => {
  const { graph: g, bottoms, param } = at;
  const own = withDefaults("BoxOutputParameter", param.box_output_param);
  checkUnion(at, own.nms_type);
  const options = proposalOptions(own);
  const maps = bottoms.map((bottom, j): Candidates => {
    const [, , h = 1, w = 1] = bottom.axes;
    const classes = bottom.length(1) - 4;
    const part = (x: string, channels: number): string =>
      g.op("Reshape", [x, at.lengthsOf([-1, 1, channels, h, w])]);
    const [background = "", others = "", offsets = ""] = split(g, bottom.value, 1, [
      1,
      classes - 1,
      4,
    ]);
    const best = classes > 2 ? reduce(g, "ReduceMax", others, [1]) : others;
    const map: FieldMap = {
      scores: part(g.op("Sub", [best, background]), 1),
      offsets: part(offsets, 4),
      widths: [own.field_w[j]!],
      heights: [own.field_h[j]!],
      stride: own.downsample_rate[j]!,
      axes: [h, w],
    };
    const [left, top, width, height] = patchesOf(at, map, options);
    const reach = reachOf(at, map);
    const [x, y] = [left, top].map((edge) => g.op("Max", [edge, g.floats([0])])) as [
      string,
      string,
    ];
    const within = (size: string, start: string, k: 0 | 1): string =>
      g.op("Min", [size, g.op("Sub", [reach[k], start])]);
    const [inner, outer] = [within(width, x, 0), within(height, y, 1)];
    const boxes: Four = [x, y, g.op("Add", [x, inner]), g.op("Add", [y, outer])];
    return candidatesOf(g, map.scores, boxes, boxes, [inner, outer], options);
  });
  // Of equal scores the last comes first.
  return chosen(at, maps, options, (x) => reverse(g, x, [1]));
};

const boxGroupOutput: Translation = (at) => {
  const { graph: g, bottoms, param } = at;
  const own = withDefaults("BoxGroupOutputParameter", param.box_group_output_param);
  checkUnion(at, own.nms_type);
  const options = proposalOptions(own);
  const maps = own.box_group_param.map(
    ({ field_w = [], field_h = [], stride = 0 }, j): Candidates => {
      const [scores, offsets] = [bottoms[2 * j], bottoms[2 * j + 1]] as [Operand, Operand];
      const [, , h = 1, w = 1] = scores.axes;
      const grouped = (x: string, channels: number): string =>
        g.op("Reshape", [x, at.lengthsOf([-1, field_w.length, channels, h, w])]);
      const background = slice(g, scores.value, [1], [0], [1]);
      const map: FieldMap = {
        scores: grouped(line(g, background, -1, 1), 1),
        offsets: grouped(offsets.value, 4),
        widths: field_w,
        heights: field_h,
        stride,
        axes: [h, w],
      };
      const [left, top, width, height] = patchesOf(at, map, options);
      const reach = reachOf(at, map);
      // The last row and column of a box are within.
      const along = (start: string, size: string, k: 0 | 1): readonly [string, string, string] => {
        const from = g.op("Max", [start, g.floats([0])]);
        const to = g.op("Min", [line(g, g.op("Add", [start, size]), 1, -1), reach[k]]);
        return [from, to, line(g, to, 1, 1)];
      };
      const [[x0, x1, right], [y0, y1, bottom]] = [along(left, width, 0), along(top, height, 1)];
      const sizes = [g.op("Sub", [right, x0]), g.op("Sub", [bottom, y0])] as const;
      return candidatesOf(g, map.scores, [x0, y0, x1, y1], [x0, y0, right, bottom], sizes, options);
    },
  );
  return chosen(at, maps, options, (x) => x);
};

/** Regions that maps of receptive fields propose. */
export const fieldProposals: Readonly<Record<string, Translation>> = {
  BoxGroupOutput: boxGroupOutput,
  BoxOutput: boxOutput,
};
