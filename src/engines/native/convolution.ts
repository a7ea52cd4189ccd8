import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor, LinearOp } from "../engine.ts";
import type { Buffer, ConvolutionShapes, Primitive, StoreMemory } from "./addon.ts";
import { FoldedWeights, foldedBias } from "./folded-weights.ts";
import { type Layouts, MODEST } from "./layouts.ts";
import { joinedLine, type Line } from "./post-ops.ts";
import type { Tuner } from "./tuner.ts";
import { type Algorithm, algorithmsFor, type Tile, tileOf } from "./winograd.ts";

/** Multiplications that one thread does sooner than another wakes up: some 20 µs. */
const SMALL = 2e6;

/**
 * Convolution by oneDNN, which chooses its layouts, or by Winograd's algorithm of our own in its layouts of blocks. A
 * trial takes the fastest, for each direction by itself.
 */
export function nativeConvolution(
  layouts: Layouts,
  tuner: Tuner,
  d: ConvolutionDescriptor,
): LinearOp {
  const { addon } = layouts;
  const shapes = shapesOf(d);
  const algorithms = algorithmsFor(d, addon.lanes);
  const biasLayout = layouts.plain([d.outputChannels]);
  type Forward = ReturnType<typeof addon.convolutionForward>;
  const made = new Map<string, Forward>();
  const [relu, relu6] = [addon.unaryIndex("relu"), addon.unaryIndex("relu6")];
  /** Products in each of the output's sums. */
  const products = countOf(shapes.weights) / d.outputChannels;
  const folded = new FoldedWeights(layouts, shapes.weights, d.outputChannels);
  let data: ReturnType<typeof addon.convolutionBackwardData> | undefined;
  let weights: ReturnType<typeof addon.convolutionBackwardWeights> | undefined;
  let ownW: StoreMemory | undefined;
  let ownB: StoreMemory | undefined;

  /** The fastest algorithm of one direction: the library's, or ours of a tile. */
  function fastest<T extends Primitive>(
    direction: string,
    given: ConvolutionShapes,
    library: (shapes: ConvolutionShapes) => T,
    own: (shapes: ConvolutionShapes, tile: Tile) => T,
    run: (primitive: T) => void,
  ): T {
    const among = algorithms.length > 1 ? `${direction} by ${algorithms.join(" ")}` : direction;
    const make = (algorithm: Algorithm): T => {
      const tile = tileOf(algorithm);
      return tile
        ? own(given, tile)
        : library({ ...given, algorithm: algorithm as ConvolutionShapes["algorithm"] });
    };
    return tuner.choose(
      `${among} ${JSON.stringify(given)}`,
      algorithms,
      (name) => make(name as Algorithm),
      run,
    );
  }

  return {
    accepts: (posts) => joinedLine(posts, d.outputChannels) !== undefined,
    forward(x, w, b, y, posts = []) {
      const { scale, bias, slope, ceiling } = joinedLine(posts, d.outputChannels) as Line;
      const own = b?.cpu() as Float32Array | undefined;
      const shift = scale && bias ? foldedBias(own, scale, bias) : own;
      const run = (primitive: Forward): void => {
        const { src, weights, dst } = primitive.layouts;
        const buffers: Buffer[] = [
          layouts.read(x, src),
          scale ? folded.read(w, scale, weights) : layouts.read(w, weights),
          layouts.write(y, dst),
        ];
        if (shift) buffers.push(shift);
        layouts.run(primitive, buffers);
      };
      const primitiveFor = (slope: number, ceiling: number): Forward => {
        const key = `${shift !== undefined} ${slope} ${ceiling}`;
        let primitive = made.get(key);
        if (!primitive) {
          primitive = fastest(
            "forward",
            { ...shapes, hasBias: shift !== undefined },
            (s) => addon.convolutionForward(s, slope, ceiling),
            (s, tile) => addon.winogradForward(s, tile, addon.lanes, slope, ceiling),
            run,
          );
          made.set(key, primitive);
        }
        return primitive;
      };
      /** What no sum of the products is greater than; infinite where one of their factors may be anything. */
      const boundOf = ({ layouts: { src, weights } }: Forward): number => {
        const ofX = layouts.greatest(x, src);
        const ofW = scale ? folded.greatest(w, scale, weights) : layouts.greatest(w, weights);
        const ofShift = shift ? addon.greatest(shift.length, shift) : 0;
        const areModest = ofX < MODEST && ofW < MODEST && ofShift < MODEST;
        return areModest ? ofX * ofW * products + ofShift : Number.POSITIVE_INFINITY;
      };
      let primitive = primitiveFor(slope, ceiling);
      // Folded weights stay, so that their bound costs nothing from the second pass on.
      const isBounded = scale !== undefined && layouts.knownGreatest(x) < MODEST;
      const bound =
        slope === 0 || (isBounded && Number.isNaN(slope)) ? boundOf(primitive) : undefined;
      // The library's rectifier makes 0 of NaN: where the sums may come to that, ours follows them.
      const isRectifiedApart = slope === 0 && bound === Number.POSITIVE_INFINITY;
      if (isRectifiedApart) primitive = primitiveFor(Number.NaN, Number.NaN);
      run(primitive);
      const { dst } = primitive.layouts;
      layouts.clearPadding(y, dst);
      if (isRectifiedApart) {
        const to = layouts.update(y, dst);
        const rectifier = Number.isNaN(ceiling) ? relu : relu6;
        addon.unaryForward(rectifier, slope, 0, 0, dst.stored, to, to);
      } else if (bound !== undefined) {
        // What follows need not read y to know that it is modest.
        layouts.bound(y, Number.isNaN(ceiling) ? bound : Math.min(bound, ceiling));
      }
      layouts.ran.add(primitive.implementation);
    },
    backwardData(dy, w, dx) {
      const run = (primitive: NonNullable<typeof data>): void => {
        const { diffDst, weights, diffSrc } = primitive.layouts;
        const from = layouts.read(dy, diffDst);
        const to = layouts.write(dx, diffSrc);
        // The weights change before this copy could be read again.
        layouts.borrow(w, weights, (buffer) => layouts.run(primitive, [from, buffer, to]));
      };
      data ??= fastest(
        "backward data",
        shapes,
        (s) => addon.convolutionBackwardData(s),
        (s, tile) => addon.winogradBackwardData(s, tile, addon.lanes),
        run,
      );
      run(data);
      layouts.clearPadding(dx, data.layouts.diffSrc);
      layouts.ran.add(`input ${data.implementation}`);
    },
    backwardWeights(x, dy, dw, db) {
      const run = (primitive: NonNullable<typeof weights>, toW: Buffer, toB?: Buffer): void => {
        const { src, diffDst } = primitive.layouts;
        const buffers = [layouts.read(x, src), layouts.read(dy, diffDst), toW];
        layouts.run(primitive, toB ? [...buffers, toB] : buffers);
      };
      const scratchB = (): StoreMemory | undefined => {
        if (d.hasBias) ownB ??= layouts.scratch(biasLayout);
        return ownB;
      };
      weights ??= fastest(
        "backward weights",
        shapes,
        (s) => addon.convolutionBackwardWeights(s),
        (s, tile) => addon.winogradBackwardWeights(s, tile, addon.lanes),
        (one) => layouts.lend(one.layouts.diffWeights.stored, (toW) => run(one, toW, scratchB())),
      );
      const { diffWeights } = weights.layouts;
      // A gradient that is still zero is written; one that holds something is added to.
      const writesW = dw?.isZero === true;
      const writesB = db?.isZero === true;
      if (!writesW) ownW ??= layouts.scratch(diffWeights);
      run(
        weights,
        writesW ? layouts.write(dw, diffWeights) : (ownW as StoreMemory),
        writesB ? layouts.write(db, biasLayout) : scratchB(),
      );
      layouts.ran.add(`weights ${weights.implementation}`);
      if (dw && !writesW) add(layouts, diffWeights, ownW as StoreMemory, dw);
      if (db && !writesB) add(layouts, biasLayout, ownB as StoreMemory, db);
    },
  };
}

function add(
  layouts: Layouts,
  layout: Primitive["layouts"][string],
  from: StoreMemory,
  to: SyncedMem,
): void {
  layouts.addon.axpby(layout.stored, 1, from, 1, layouts.update(to, layout));
}

/** The shapes as oneDNN takes them; padding on the right is what the output size makes it. */
function shapesOf(d: ConvolutionDescriptor): ConvolutionShapes {
  const { batch, groups, inputChannels: ic, outputChannels: oc } = d;
  const padRight = d.input.map((length, i) => {
    const extent = (d.kernel[i]! - 1) * d.dilation[i]! + 1;
    return (d.output[i]! - 1) * d.stride[i]! + extent - length - d.pad[i]!;
  });
  return {
    src: [batch, ic, ...d.input],
    weights: groups > 1 ? [groups, oc / groups, ic / groups, ...d.kernel] : [oc, ic, ...d.kernel],
    dst: [batch, oc, ...d.output],
    stride: d.stride,
    padLeft: d.pad,
    padRight,
    dilation: d.dilation,
    hasBias: d.hasBias,
    algorithm: "direct",
    isSmall: batch * oc * (ic / groups) * countOf(d.output) * countOf(d.kernel) < SMALL,
  };
}
