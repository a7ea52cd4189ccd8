import { createEngines } from "../../../src/engines/create.ts";
import type { LayerParameter, NetParameter } from "../../../src/io/proto/caffe.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { LayerRegistry } from "../../../src/layers/registry.ts";
import { Net } from "../../../src/net/net.ts";
import { CaffeError } from "../../../src/util/errors.ts";
import type { Random } from "../../../src/util/random.ts";
import { countOf, type Shape, sameShape } from "../../../src/util/shape.ts";
import { type Recipe, recipes } from "./recipes.ts";
import { anyKind, type Kind } from "./values.ts";

/** A blob that a layer may read. */
export interface SketchedBlob {
  readonly name: string;
  readonly shape: Shape;
  /** It, or what it is a view of, holds labels or row numbers: backward reads them again, so nobody may overwrite them. */
  readonly isIndex?: boolean;
}

/** An input of the net, and how its values are drawn. */
export interface SketchedInput extends SketchedBlob {
  readonly kind: Kind;
}

/** A layer that is being written. */
type Writable = { -readonly [K in keyof LayerParameter]: LayerParameter[K] };

/** Whether the tops of a layer are its bottom's memory. */
function isView({ type = "", bottom = [], top = [] }: LayerParameter): boolean {
  const isSole = bottom.length === 1 && top.length === 1;
  return (
    ["Flatten", "Reshape", "Split"].includes(type) || (isSole && ["Concat", "Slice"].includes(type))
  );
}

/** A blob larger than this takes too long on a slow engine. */
const LARGEST = 600;
/** How often a layer is tried before another is. */
const TRIES = 4;

const registry = new LayerRegistry();
const reference = createEngines({ prefer: "reference" });

/** A net while it is drawn, layer by layer: what there is to read, and dice. */
export class Sketch {
  readonly random: Random;
  readonly layers: Writable[] = [];
  readonly inputs: SketchedInput[] = [];
  /** The batch that most inputs have. */
  readonly batch: number;
  readonly #phase: "TRAIN" | "TEST";
  #blobs: SketchedBlob[] = [];
  /** Inputs and source layers that belong to the layer being drawn. */
  #pending: SketchedInput[] = [];
  /** The layer being drawn is to read this one first. */
  #wanted: SketchedBlob | undefined;
  #names = 0;

  constructor(random: Random, phase: "TRAIN" | "TEST") {
    this.random = random;
    this.#phase = phase;
    this.batch = this.pick(1, 2, 2, 3, 4);
  }

  chance(probability: number): boolean {
    return this.random.bernoulli(probability);
  }

  /** A whole number in [low, high]. */
  int(low: number, high: number): number {
    return low + this.random.below(high - low + 1);
  }

  pick<T>(...options: readonly T[]): T {
    return options[this.random.below(options.length)] as T;
  }

  /** The text, or nothing. */
  maybe(text: string, probability = 0.5): string {
    return this.chance(probability) ? text : "";
  }

  /** An axis of a shape, from either end. */
  axis(shape: Shape, from = 0): number {
    const axis = this.int(from, shape.length - 1);
    return this.chance(0.2) ? axis - shape.length : axis;
  }

  /** A new input. */
  input(shape: Shape, kind: Kind = anyKind(this.random)): string {
    const name = `in${this.#names++}`;
    this.#pending.push({
      name,
      shape,
      kind,
      isIndex: kind.name === "classes" || kind.name === "given",
    });
    return name;
  }

  /** A blob to read: one of those there are, or a new input. */
  blob(fits: (shape: Shape) => boolean = () => true): SketchedBlob | undefined {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted) return fits(wanted.shape) ? wanted : undefined;
    const there = this.#blobs.filter(({ shape }) => fits(shape));
    if (there.length > 0 && this.chance(0.85)) {
      // The newest make a deep net, the others a wide one.
      return this.chance(0.5) ? there.at(-1) : this.pick(...there);
    }
    for (let n = 0; n < 8; n++) {
      const shape = this.shape();
      if (fits(shape)) return { name: this.input(shape), shape };
    }
    return undefined;
  }

  /** Another blob of that shape, or now and then the same. */
  like({ name, shape }: SketchedBlob): string {
    const there = this.#blobs.filter(
      (blob) => sameShape(blob.shape, shape) && (blob.name !== name || this.chance(0.1)),
    );
    return there.length > 0 && this.chance(0.7) ? this.pick(...there).name : this.input([...shape]);
  }

  /** A shape of an input. */
  shape(): Shape {
    if (this.chance(0.07)) return [];
    const rank = this.pick(1, 2, 2, 2, 3, 4, 4, 4, 4, 5, 6);
    const dims = Array.from({ length: rank }, (_, i) =>
      i === 0 ? this.batch : this.int(1, rank > 4 ? 3 : 5),
    );
    if (this.chance(0.15)) dims[0] = this.int(1, 5);
    if (this.chance(0.03)) dims[this.random.below(rank)] = 0;
    return dims;
  }

  /**
   * Draws one layer of that type, and checks by building it alone that there is such a layer.
   * @param on the blob it is to read first
   * @returns its tops; undefined where none was found that can be built
   */
  draw(type: string, on?: SketchedBlob, inPlace?: boolean): readonly SketchedBlob[] | undefined {
    const recipe = recipes[type] as Recipe;
    for (let n = 0; n < TRIES; n++) {
      this.#pending = [];
      this.#wanted = on;
      const drawn = recipe.draw(this);
      if (!drawn) continue;
      const { bottoms, tops = 1, fields = "" } = drawn;
      const layer: Writable = {
        name: `${type.toLowerCase()}${this.#names++}`,
        type,
        ...parsePrototxt("LayerParameter", fields),
        ...(bottoms.length > 0 && { bottom: [...bottoms] }),
      };
      // Who reads a blob beside another gets a copy of it, in which nobody can work for both.
      const mayBeInPlace = registry.classOf(layer).allowsInPlace && tops === 1;
      const isUnread = this.layers.every((one) => !one.bottom?.includes(bottoms[0] ?? ""));
      const isIndex = [...this.#pending, ...this.#blobs].some(
        (blob) => blob.isIndex && blob.name === bottoms[0],
      );
      const isInPlace = mayBeInPlace && isUnread && !isIndex && (inPlace ?? this.chance(0.4));
      const top = Array.from({ length: tops }, () => `b${this.#names++}`);
      if (isInPlace) top[0] = bottoms[0] ?? "";
      if (top.length > 0) layer.top = top;
      const made = this.#add(layer);
      if (made) return made;
    }
    return undefined;
  }

  /** Draws a layer again on a blob of the same shape, with the same parameters. */
  repeat(): void {
    const owners = this.layers.filter(({ type, bottom }) => {
      return bottom?.length === 1 && recipes[type ?? ""]?.hasParameters;
    });
    if (owners.length === 0) return;
    const owner = this.pick(...owners);
    const read = this.#blobs.find(({ name }) => name === owner.bottom?.[0]);
    if (!read) return;
    this.#pending = [];
    const names = Array.from({ length: 3 }, (_, i) => ({ name: `${owner.name}_shared${i}` }));
    const { top: _, ...same } = owner;
    for (let count = names.length; count > 0; count--) {
      const copy: LayerParameter = {
        ...same,
        name: `again${this.#names++}`,
        bottom: [this.like(read)],
        top: [`b${this.#names++}`],
        param: names.slice(0, count),
      };
      if (!this.#add(copy)) continue;
      owner.param = names.slice(0, count);
      return;
    }
  }

  /** Takes in a layer if it can be built. */
  #add(layer: LayerParameter): readonly SketchedBlob[] | undefined {
    const known = [...this.#pending, ...this.#blobs];
    const bottoms = (layer.bottom ?? []).map((name) => known.find((blob) => blob.name === name));
    const sources = this.#pending.map(inputLayer);
    const read = new Map(bottoms.flatMap((blob) => (blob ? [[blob.name, blob] as const] : [])));
    const alone: NetParameter = { layer: [...[...read.values()].map(inputLayer), layer] };
    const made = topsOf(alone, this.#phase);
    if (!made) return undefined;
    const isIndex = isView(layer) && bottoms[0]?.isIndex === true;
    const tops = made.map((top): SketchedBlob => ({ ...top, isIndex }));
    if (tops.some(({ shape }) => countOf(shape) > LARGEST)) return undefined;
    this.layers.push(...sources, layer);
    this.inputs.push(...this.#pending);
    const fresh = [...this.#pending, ...tops];
    // What works in place takes the name of its bottom, which may have another shape then.
    const kept = this.#blobs.filter(({ name }) => fresh.every((blob) => blob.name !== name));
    const pending = this.#pending.filter(({ name }) => tops.every((top) => top.name !== name));
    this.#blobs = [...kept, ...pending, ...tops];
    this.#pending = [];
    return tops;
  }
}

/** An Input layer of one top. */
export function inputLayer({ name, shape }: SketchedBlob): LayerParameter {
  return { name, type: "Input", top: [name], input_param: { shape: [{ dim: [...shape] }] } };
}

/** The tops of the last layer of a net; undefined where the net cannot be built. */
function topsOf(param: NetParameter, phase: "TRAIN" | "TEST"): SketchedBlob[] | undefined {
  const names = param.layer?.at(-1)?.top ?? [];
  try {
    const net = new Net(param, { engines: reference, phase });
    const tops = names.map((name) => ({ name, shape: net.blob(name).shape }));
    net.close();
    return tops;
  } catch (error) {
    if (error instanceof CaffeError) return undefined;
    throw error;
  }
}
