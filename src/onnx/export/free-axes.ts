import type { Blob } from "../../blob/blob.ts";
import type { Net } from "../../net/net.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Shape } from "../../util/shape.ts";
import type { Axis, Freedom } from "../graph/axes.ts";
import { countedAxisOf } from "./translations.ts";

/** Axes that change together, and what they are called. */
export interface FreeGroup {
  readonly name: Freedom;
  /** Whose axes they are: those of a net's inputs, or of tops of which a layer knows how long they are when it has run. */
  readonly axes: readonly (readonly [blob: Blob, axis: number])[];
  /** What is added to their length to see what depends on it. */
  readonly steps: readonly number[];
  /** Whether they follow from what the net computes, so that nobody can keep them as they are. */
  readonly isComputed: boolean;
}

/** Odd steps tell what is rounded up from what is rounded down. */
const STEPS = { image: [37, 96], count: [1, 4] } as const;

/**
 * What may change of a net's inputs: the batch, which is axis 0 of the first and of those as long, height and width of
 * images, and the number of whatever else the others have.
 */
export function freedomsOf(net: Net): FreeGroup[] {
  const shapes = net.inputBlobs.map(({ shape }) => shape);
  const groups = new Map<string, [Blob, number][]>();
  const add = (name: string, input: number, axis: number): void => {
    const blob = net.inputBlobs[input] as Blob;
    groups.set(name, [...(groups.get(name) ?? []), [blob, axis]]);
  };
  const batch = shapes.find((shape) => shape.length > 0)?.[0];
  const image = shapes.find((shape) => shape.length === 4);
  shapes.forEach((shape, i) => {
    if (shape.length === 0) return;
    add(shape[0] === batch ? "batch" : `${net.inputs[i]}_count`, i, 0);
    if (shape.length !== 4 || !image) return;
    if (shape[2] === image[2]) add("height", i, 2);
    if (shape[3] === image[3]) add("width", i, 3);
  });
  const ofInputs = [...groups].map(([name, axes]) => ({
    name,
    axes,
    steps: name === "height" || name === "width" ? STEPS.image : STEPS.count,
    isComputed: false,
  }));
  return [...ofInputs, ...computedOf(net)];
}

/** Tops whose length only a layer that has run knows. */
function computedOf(net: Net): FreeGroup[] {
  return net.layers.flatMap((layer, i) => {
    const axis = countedAxisOf(layer);
    if (axis === undefined) return [];
    const tops = net.topBlobs[i] ?? [];
    const name = `${net.layerKeys[i]}_count`;
    return [
      { name, axes: tops.map((top) => [top, axis] as const), steps: STEPS.count, isComputed: true },
    ];
  });
}

/** The axes of every blob. */
export type AxesOfBlobs = ReadonlyMap<Blob, readonly Axis[]>;

/**
 * Reshapes the net's inputs to other lengths, and back, and sees which axes of which blobs change with them.
 *
 * @returns the axes of all blobs, and those freedoms that every layer allows
 */
export function findFreeAxes(
  net: Net,
  freedoms: readonly FreeGroup[],
): { readonly axes: AxesOfBlobs; readonly allowed: readonly FreeGroup[] } {
  const given = net.inputBlobs.map(({ shape }) => shape);
  const blobs = [...new Set(net.topBlobs.flat())];
  const computed = new Map(
    freedoms.filter(({ isComputed }) => isComputed).flatMap(({ axes }) => axes),
  );
  /** Shapes of all blobs, those axes longer by a step. */
  const look = (longer?: FreeGroup, step = 0): Shape[] => {
    const more = new Map(longer?.axes);
    net.inputBlobs.forEach((blob, i) => {
      blob.reshape(stretched(given[i] as Shape, more.get(blob), step));
    });
    net.layers.forEach((layer, i) => {
      const tops = net.topBlobs[i] ?? [];
      layer.reshape(net.bottomBlobs[i] ?? [], tops);
      for (const top of tops) {
        const axis = computed.get(top);
        if (axis === undefined) continue;
        const some = top.shape.map((length, a) => (a === axis ? SOME : length));
        top.reshape(stretched(some, more.get(top), step));
      }
    });
    return blobs.map(({ shape }) => shape);
  };
  const before = look();
  const seen: { readonly freedom: FreeGroup; readonly shapes: readonly Shape[][] }[] = [];
  for (const freedom of freedoms) {
    try {
      const shapes = freedom.steps.map((step) => look(freedom, step));
      if (shapes.every((all) => all.every((shape, b) => shape.length === before[b]?.length))) {
        seen.push({ freedom, shapes });
      }
    } catch (error) {
      // A layer that refuses the other length: it cannot change.
      if (!(error instanceof CaffeError)) throw error;
    }
    look();
  }
  const names = new Map<string, string>();
  const axes = new Map(
    blobs.map((blob, b) => [
      blob,
      (before[b] as Shape).map((length, axis): Axis => {
        const lengths = seen.map(({ shapes }) => shapes.map((all) => all[b]?.[axis] as number));
        const on = seen.filter((_, i) => lengths[i]?.some((one) => one !== length));
        if (on.length === 0) return length;
        const signature = `${length}: ${lengths.join("; ")}`;
        const symbol = names.get(signature) ?? nameOf(on, names);
        names.set(signature, symbol);
        return { symbol, freedoms: on.map(({ freedom }) => freedom.name) };
      }),
    ]),
  );
  return { axes, allowed: seen.map(({ freedom }) => freedom) };
}

/** The length that a layer is taken to give before it has run. */
const SOME = 3;

function stretched(shape: Shape, axis: number | undefined, step: number): Shape {
  return shape.map((length, i) => (i === axis ? length + step : length));
}

/** The first that depends on a freedom is the input's own axis, and has its name. */
function nameOf(
  on: readonly { readonly freedom: FreeGroup }[],
  names: ReadonlyMap<string, string>,
): string {
  const name = on.map(({ freedom }) => freedom.name).join("_");
  const taken = new Set(names.values());
  let free = name;
  for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
  return free;
}
