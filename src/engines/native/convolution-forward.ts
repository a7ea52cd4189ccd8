import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { PostOps } from "../engine.ts";
import { type WayOut, wayOutOf } from "../ops/way-out.ts";
import type { Addon, Buffer, ConvolutionShapes, Layout } from "./addon.ts";
import { type Algorithms, type MakeBy, makerOf } from "./convolution-algorithms.ts";
import { FoldedWeights } from "./folded-weights.ts";
import { JoinedLine } from "./joined-line.ts";
import { type Layouts, MODEST } from "./layouts.ts";
import { PreparedWeights } from "./prepared-weights.ts";
import { type Weights, weightsIn } from "./weights.ts";
import type { Algorithm, Tile } from "./winograd.ts";

/** A primitive, and what makes its weights of those that lie in blocks, where they are transformed once. */
type Forward = ReturnType<Addon["convolutionForward"]> & { readonly prepared?: PreparedWeights };

/** A primitive, and what tells it from the others of the same shapes. */
interface Made {
  readonly hasBias: boolean;
  readonly slope: number;
  readonly ceiling: number;
  readonly adds: boolean;
  readonly primitive: Forward;
  readonly algorithm: Algorithm;
}

/** A convolution forward, with lines per channel in its weights, and a sum and a rectifier on its way out. */
export class ConvolutionForward {
  readonly #layouts: Layouts;
  readonly #algorithms: Algorithms;
  readonly #shapes: ConvolutionShapes;
  /** Products in each of the output's sums. */
  readonly #products: number;
  readonly #folded: FoldedWeights;
  readonly #weights: Weights;
  readonly #line: JoinedLine;
  readonly #made: Made[] = [];
  /** Whether what is made of the weights is kept, and that. */
  readonly #preparesWeights: boolean;
  readonly #prepared: Map<Tile, PreparedWeights | undefined> = new Map();

  /** @param keepsWeights whether weights stay as they are */
  constructor(
    layouts: Layouts,
    algorithms: Algorithms,
    shapes: ConvolutionShapes,
    keepsWeights = false,
  ) {
    const outputs = shapes.dst[1] as number;
    this.#layouts = layouts;
    this.#algorithms = algorithms;
    this.#shapes = shapes;
    this.#products = countOf(shapes.weights) / outputs;
    this.#weights = weightsIn(layouts);
    this.#folded = new FoldedWeights(layouts, shapes.weights, outputs);
    this.#line = new JoinedLine(layouts.floats.addon, outputs);
    this.#preparesWeights = keepsWeights && layouts.type === "f32";
  }

  run(
    x: SyncedMem,
    w: SyncedMem,
    b: SyncedMem | undefined,
    y: SyncedMem,
    posts: PostOps = [],
  ): void {
    const { lines, sum, slope, ceiling } = wayOutOf(posts) as WayOut;
    const layouts = this.#layouts;
    this.#line.join(b, lines);
    const adds = sum !== undefined;
    const primitiveFor = (slope: number, ceiling: number): Forward =>
      this.#find(slope, ceiling, adds, (made) => this.#run(made, x, w, y, false)).primitive;
    let primitive = primitiveFor(slope, ceiling);
    // Folded weights stay, so that their bound costs nothing from the second pass on.
    const isBounded = this.#line.scale !== undefined && layouts.knownGreatest(x) < MODEST;
    const ofSums =
      slope === 0 || (isBounded && Number.isNaN(slope))
        ? this.#boundOf(primitive, x, w)
        : undefined;
    const bound =
      ofSums === undefined || !sum
        ? ofSums
        : ofSums + layouts.greatest(sum.other, primitive.layouts.dst);
    // The library's rectifier makes 0 of NaN: where the sums may come to that, ours follows them.
    const isRectifiedApart = slope === 0 && bound === Number.POSITIVE_INFINITY;
    if (isRectifiedApart) primitive = primitiveFor(Number.NaN, Number.NaN);
    const { dst } = primitive.layouts;
    if (sum) {
      layouts.share(sum.other, y, dst);
      if (sum.isSpent) sum.other.zero();
    }
    this.#run(primitive, x, w, y, adds);
    if (!primitive.clearsPadding) layouts.clearPadding(y, dst);
    if (isRectifiedApart) {
      const to = layouts.update(y, dst);
      const rectifier = layouts.addon.unaryIndex(Number.isNaN(ceiling) ? "relu" : "relu6");
      layouts.addon.unaryForward(rectifier, slope, 0, 0, dst.stored, to, to);
    } else if (bound !== undefined) {
      // What follows need not read y to know that it is modest.
      layouts.bound(y, Number.isNaN(ceiling) ? bound : Math.min(bound, ceiling));
    }
    layouts.ran.add(primitive.implementation);
  }

  #run(primitive: Forward, x: SyncedMem, w: SyncedMem, y: SyncedMem, adds: boolean): void {
    const layouts = this.#layouts;
    const { src, dst } = primitive.layouts;
    const { scale, shift } = this.#line;
    const layout = weightsOf(primitive);
    const weights = scale ? this.#folded.read(w, scale, layout) : this.#weights.read(w, layout);
    const buffers: Buffer[] = [
      layouts.read(x, src),
      primitive.prepared?.read(w, scale, weights) ?? weights,
      adds ? layouts.update(y, dst) : layouts.write(y, dst),
    ];
    if (shift) buffers.push(shift);
    layouts.run(primitive, buffers);
  }

  /** What no sum of the products is greater than; infinite where one of their factors may be anything. */
  #boundOf(primitive: Forward, x: SyncedMem, w: SyncedMem): number {
    const layouts = this.#layouts;
    const { scale, greatest: ofShift } = this.#line;
    const weights = weightsOf(primitive);
    const ofX = layouts.greatest(x, primitive.layouts.src);
    const ofW = scale
      ? this.#folded.greatest(w, scale, weights)
      : this.#weights.greatest(w, weights);
    const areModest = ofX < MODEST && ofW < MODEST && ofShift < MODEST;
    return areModest ? ofX * ofW * this.#products + ofShift : Number.POSITIVE_INFINITY;
  }

  /** @param run writes the output, for a trial: a primitive that adds is as fast as the one that does not */
  #find(slope: number, ceiling: number, adds: boolean, run: (primitive: Forward) => void): Made {
    const hasBias = this.#line.shift !== undefined;
    for (const made of this.#made) {
      const isSame = made.hasBias === hasBias && made.adds === adds;
      if (isSame && Object.is(made.slope, slope) && Object.is(made.ceiling, ceiling)) return made;
    }
    const shapes = { ...this.#shapes, hasBias };
    const { addon } = this.#layouts;
    const make = makerOf(
      shapes,
      (s) => addon.convolutionForward(s, slope, ceiling, adds),
      (s, tile) => {
        const prepared = this.#preparedFor(s, tile);
        const ending = [slope, ceiling, adds, prepared !== undefined] as const;
        const primitive = addon.winogradForward(s, tile, addon.lanes, ...ending);
        return prepared ? Object.assign(primitive, { prepared }) : primitive;
      },
      (s) => addon.directForward(s, addon.lanes, slope, ceiling, adds),
    );
    const { algorithm, primitive } = adds
      ? this.#adding(this.#find(slope, ceiling, false, run).algorithm, make)
      : this.#algorithms.fastest("forward", shapes, make, run);
    const made = { hasBias, slope, ceiling, adds, algorithm, primitive };
    this.#made.push(made);
    return made;
  }

  /** What keeps weights as that tile's products read them, for all endings of a convolution; undefined where they are transformed in each pass. */
  #preparedFor(shapes: ConvolutionShapes, tile: Tile): PreparedWeights | undefined {
    if (!this.#preparesWeights) return undefined;
    if (!this.#prepared.has(tile)) {
      this.#prepared.set(tile, PreparedWeights.of(this.#layouts, shapes, tile));
    }
    return this.#prepared.get(tile);
  }

  /** That algorithm, or the direct one where it cannot add. */
  #adding(algorithm: Algorithm, make: MakeBy<Forward>): Pick<Made, "algorithm" | "primitive"> {
    try {
      return { algorithm, primitive: make(algorithm) };
    } catch (error) {
      if (algorithm === "direct") throw error;
      return { algorithm: "direct", primitive: make("direct") };
    }
  }
}

/** The layout in which the weights lie that a primitive multiplies by, or that are prepared for it. */
function weightsOf({ layouts, prepared }: Forward): Layout {
  return prepared?.from ?? layouts.weights;
}
