import { countOf, sameShape } from "../../../util/shape.ts";
import { partsOf, slicesOf } from "../fold/view-shapes.ts";
import { learnedOf } from "./convolutions.ts";
import type { Spot, Translation } from "./spot.ts";

/** More parts than this are no net that anyone wants to read. */
const MOST_PARTS = 256;

/** Parts of a blob along an axis, of these lengths. */
function cut(
  at: Spot,
  blob: string,
  axis: number,
  lengths: readonly number[],
  part: string,
): readonly string[] {
  if (lengths.length === 1) return [blob];
  let end = 0;
  const points = lengths.slice(0, -1).map((length) => {
    end += length;
    return end;
  });
  const isEven = lengths.every((length) => length === lengths[0]);
  const slice_param = {
    ...(axis !== 1 && { axis }),
    ...(!isEven && { slice_point: points }),
  };
  return at.layers(
    {
      type: "Slice",
      bottom: [blob],
      ...(Object.keys(slice_param).length > 0 && { slice_param }),
    },
    lengths.length,
    { part },
  );
}

/** A range of places: from the first up to before the last. */
type Range = readonly [from: number, to: number];

/** Ranges of places along an axis, in that order, each of them as one blob or several; what nothing wants is silenced. */
function rangesOf(
  at: Spot,
  blob: string,
  axis: number,
  length: number,
  ranges: readonly Range[],
  part: string,
): readonly string[] {
  const ends = [...new Set([0, ...ranges.flat(), length])].sort((a, b) => a - b);
  const lengths = ends.slice(1).map((end, i) => end - (ends[i] as number));
  if (lengths.length > MOST_PARTS) {
    at.fail(`it cuts an axis into ${lengths.length} parts. Expected ${MOST_PARTS} at most.`);
  }
  const parts = cut(at, blob, axis, lengths, part);
  const wanted = ranges.map(([from, to]) => parts.slice(ends.indexOf(from), ends.indexOf(to)));
  const used = new Set(wanted.flat());
  const others = parts.filter((one) => !used.has(one));
  if (others.length > 0) {
    at.layers({ type: "Silence", bottom: others }, 0, {
      part: part === "" ? "rest" : `${part}/rest`,
    });
  }
  return wanted.flat();
}

const split: Translation = (at) => {
  const { axis, lengths } = partsOf(at);
  return cut(at, at.blob(0), axis, lengths, "");
};

/** A part of each axis, cut out, and of that every so manieth place. */
const slice: Translation = (at) => {
  const { starts, steps, counts } = slicesOf(at);
  const shape = [...at.shape(0)];
  if (steps.some((step, axis) => step < 0 && counts[axis] !== 1)) {
    at.fail(`its steps are ${steps.join(",")}. Expected 1 or more.`);
  }
  const axes = shape
    .map((_, i) => i)
    .filter((i) => counts[i] !== shape[i] || (steps[i] !== 1 && counts[i] !== 1));
  if (counts.includes(0)) at.fail(`it takes ${counts.join("×")} elements. Expected some.`);
  let blob = at.blob(0);
  axes.forEach((axis, i) => {
    const isLast = i === axes.length - 1;
    const part = isLast ? "" : `axis${axis}`;
    const [start, count] = [starts[axis] as number, counts[axis] as number];
    const step = count === 1 ? 1 : (steps[axis] as number);
    const length = (count - 1) * step + 1;
    // Where places are left out, those behind the last do no harm.
    const isRest = start === 0 && step > 1 && Math.ceil((shape[axis] as number) / step) === count;
    if (!isRest && length !== shape[axis]) {
      const range = [start, start + length] as const;
      const cutPart = step > 1 ? `range${axis}` : part;
      blob = rangesOf(at, blob, axis, shape[axis] as number, [range], cutPart)[0] as string;
      shape[axis] = length;
    }
    if (step > 1) blob = strided(at, blob, shape, axis, step, part);
    shape[axis] = count;
  });
  return blob;
};

/** Every so manieth place of an axis: the maximum of windows of one place. */
function strided(
  at: Spot,
  blob: string,
  shape: readonly number[],
  axis: number,
  step: number,
  part: string,
): string {
  const isPlane = shape.length === 4 && axis >= 2;
  const made = shape.map((n, i) => (i === axis ? Math.ceil(n / step) : n));
  const flat = (dims: readonly number[]): readonly number[] =>
    isPlane ? dims : [countOf(dims, 0, axis), 1, dims[axis] as number, countOf(dims, axis + 1)];
  const name = (text: string): string => `${text}${axis}`;
  const planes = at.view(blob, shape, flat(shape), name("planes"));
  const [stride_h, stride_w] = isPlane && axis === 3 ? [1, step] : [step, 1];
  const isSame = sameShape(made, flat(made));
  const picked = at.layer(
    {
      type: "Pooling",
      bottom: [planes],
      pooling_param: { pool: "MAX", kernel_size: 1, stride_h, stride_w, round_mode: "FLOOR" },
    },
    { part: isSame ? part : name("strides") },
  );
  return at.view(picked, flat(made), made, part);
}

/** Places of an axis; an array of rows is looked up. */
const gather: Translation = (at) => {
  if (at.constant(0)) return embed(at);
  const places = at.known(1, "the places");
  const shape = at.shape(0);
  const axis = at.axis(at.number("axis", 0), shape.length);
  const length = shape[axis] as number;
  const ranges: [number, number][] = [];
  for (const place of places.values) {
    const from = at.axis(place, length);
    const last = ranges.at(-1);
    if (last?.[1] === from) last[1]++;
    else ranges.push([from, from + 1]);
  }
  if (ranges.length === 0) at.fail("it picks no place. Expected one or more.");
  const parts = rangesOf(at, at.blob(0), axis, length, ranges, "parts");
  const picked = shape.map((n, i) => (i === axis ? places.count : n));
  const isSame = sameShape(picked, at.made());
  const joined =
    parts.length === 1
      ? (parts[0] as string)
      : at.layer(
          { type: "Concat", bottom: parts, ...(axis !== 1 && { concat_param: { axis } }) },
          { part: isSame ? "" : "joined" },
        );
  return at.view(joined, picked, at.made());
};

/** Rows of a constant, looked up by numbers. */
function embed(at: Spot): string {
  const rows = at.known(0, "the rows");
  if (at.axis(at.number("axis", 0), rows.dims.length) !== 0) {
    at.fail("it picks columns of a constant. Expected rows.");
  }
  const input_dim = rows.dims[0] as number;
  const num_output = countOf(rows.dims, 1);
  const made = [...at.shape(1), num_output];
  const isSame = sameShape(made, at.made());
  const found = at.layer(
    {
      type: "Embed",
      bottom: [at.blob(1)],
      embed_param: { num_output, input_dim, bias_term: false },
    },
    { learned: [learnedOf(rows, [input_dim, num_output])], part: isSame ? "" : "rows" },
  );
  return at.view(found, made, at.made());
}

/** Operators that take some elements and leave others. */
export const picks: Readonly<Record<string, Translation>> = {
  Gather: gather,
  Slice: slice,
  Split: split,
};
