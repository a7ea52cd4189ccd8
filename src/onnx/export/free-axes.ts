import type { Blob } from "../../blob/blob.ts";
import type { Net } from "../../net/net.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Shape } from "../../util/shape.ts";
import type { Axis, Freedom } from "../graph/axes.ts";

/** Axes of a net's inputs that change together, and what they are called. */
export interface FreeInputs {
  readonly name: Freedom;
  /** Per input by its place, its axis. */
  readonly axes: readonly (readonly [input: number, axis: number])[];
  /** What is added to their length to see what depends on it. */
  readonly steps: readonly number[];
}

/**
 * What may change of a net's inputs: the batch, which is axis 0 of the first and of those as long, height and width of
 * images, and the number of whatever else the others have.
 */
export function freedomsOf(net: Net): FreeInputs[] {
  const shapes = net.inputBlobs.map(({ shape }) => shape);
  const groups = new Map<string, [number, number][]>();
  const add = (name: string, input: number, axis: number): void => {
    groups.set(name, [...(groups.get(name) ?? []), [input, axis]]);
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
  return [...groups].map(([name, axes]) => ({
    name,
    axes,
    // Odd steps tell what is rounded up from what is rounded down.
    steps: name === "height" || name === "width" ? [37, 96] : [1, 4],
  }));
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
  freedoms: readonly FreeInputs[],
): { readonly axes: AxesOfBlobs; readonly allowed: readonly FreeInputs[] } {
  const given = net.inputBlobs.map(({ shape }) => shape);
  const blobs = [...new Set(net.topBlobs.flat())];
  const look = (): Shape[] => {
    net.reshape();
    return blobs.map(({ shape }) => shape);
  };
  const inputsAre = (shapes: readonly Shape[]): void => {
    net.inputBlobs.forEach((blob, i) => {
      blob.reshape(shapes[i] as Shape);
    });
  };
  const before = look();
  const seen: { readonly freedom: FreeInputs; readonly shapes: readonly Shape[][] }[] = [];
  for (const freedom of freedoms) {
    try {
      const shapes = freedom.steps.map((step) => {
        inputsAre(given.map((shape, i) => stretch(shape, i, freedom, step)));
        return look();
      });
      if (shapes.every((all) => all.every((shape, b) => shape.length === before[b]?.length))) {
        seen.push({ freedom, shapes });
      }
    } catch (error) {
      // A layer that refuses the other length: it cannot change.
      if (!(error instanceof CaffeError)) throw error;
    }
    inputsAre(given);
    net.reshape();
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

function stretch(shape: Shape, input: number, { axes }: FreeInputs, step: number): Shape {
  return shape.map((length, axis) =>
    axes.some(([i, a]) => i === input && a === axis) ? length + step : length,
  );
}

/** The first that depends on a freedom is the input's own axis, and has its name. */
function nameOf(
  on: readonly { readonly freedom: FreeInputs }[],
  names: ReadonlyMap<string, string>,
): string {
  const name = on.map(({ freedom }) => freedom.name).join("_");
  const taken = new Set(names.values());
  let free = name;
  for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
  return free;
}
