import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { ConvolutionDescriptor, LinearOp } from "../engine.ts";
import { wayOutOf } from "../ops/way-out.ts";
import type { Buffer, ConvolutionShapes, Layout, Primitive, StoreMemory } from "./addon.ts";
import { Algorithms, makerOf } from "./convolution-algorithms.ts";
import { ConvolutionForward } from "./convolution-forward.ts";
import { convolutionShapesOf } from "./convolution-shapes.ts";
import type { Layouts } from "./layouts.ts";
import type { Tuner } from "./tuner.ts";
import { weightsIn } from "./weights.ts";

/**
 * Convolution by oneDNN, which chooses its layouts, or by Winograd's algorithm of our own in its layouts of blocks. A
 * trial takes the fastest, for each direction by itself.
 */
export function nativeConvolution(
  layouts: Layouts,
  tuner: Tuner,
  d: ConvolutionDescriptor,
): LinearOp {
  const { addon, floats } = layouts;
  const isRounded = layouts.type === "bf16";
  const shapes: ConvolutionShapes = {
    ...convolutionShapesOf(d),
    ...(isRounded && { type: layouts.type }),
  };
  const algorithms = new Algorithms(tuner, d, addon, layouts.type);
  const forward = new ConvolutionForward(layouts, algorithms, shapes, d.isForwardOnly);
  const rounded = weightsIn(layouts);
  const biasLayout = floats.plain([d.outputChannels]);
  /** What is learned: it comes to lie as its gradient does, where nothing else asks for it. */
  let learned: SyncedMem | undefined;
  let data: ReturnType<typeof addon.convolutionBackwardData> | undefined;
  let weights: ReturnType<typeof addon.convolutionBackwardWeights> | undefined;
  let ownW: StoreMemory | undefined;
  let ownB: StoreMemory | undefined;

  return {
    accepts: (posts) => wayOutOf(posts) !== undefined,
    forward(x, w, b, y, posts) {
      learned = w;
      forward.run(x, w, b, y, posts);
    },
    backwardData(dy, w, dx) {
      const run = (primitive: NonNullable<typeof data>): void => {
        const { diffDst, weights, diffSrc } = primitive.layouts;
        const from = layouts.read(dy, diffDst);
        const to = layouts.write(dx, diffSrc);
        rounded.borrow(w, weights, (buffer) => layouts.run(primitive, [from, buffer, to]));
      };
      data ??= algorithms.fastest(
        "backward data",
        shapes,
        makerOf(
          shapes,
          (s) => addon.convolutionBackwardData(s),
          (s, tile) => addon.winogradBackwardData(s, tile, addon.lanes),
        ),
        run,
      ).primitive;
      run(data);
      layouts.clearPadding(dx, data.layouts.diffSrc);
      layouts.ran.add(`input ${data.implementation}`);
    },
    backwardWeights(x, dy, dw, db) {
      const run = (primitive: NonNullable<typeof weights>, toW: Buffer, toB?: Buffer): void => {
        const { src, diffDst } = primitive.layouts;
        withTyped(layouts, x, src, (input) => {
          withTyped(layouts, dy, diffDst, (gradient) => {
            const buffers = [input, gradient, toW];
            layouts.run(primitive, toB ? [...buffers, toB] : buffers);
          });
        });
      };
      const make = (s: ConvolutionShapes) => addon.convolutionBackwardWeights(s);
      const scratchB = (): StoreMemory | undefined => {
        if (d.hasBias) ownB ??= layouts.scratch(biasLayout);
        return ownB;
      };
      weights ??= algorithms.fastest(
        "backward weights",
        shapes,
        makerOf(shapes, make, (s, tile) => addon.winogradBackwardWeights(s, tile, addon.lanes)),
        (one) => layouts.lend(one.layouts.diffWeights.stored, (toW) => run(one, toW, scratchB())),
        isRounded && isSlow(make(shapes)) ? ["floats"] : [],
      ).primitive;
      const { diffWeights } = weights.layouts;
      if (learned && isRounded) {
        floats.read(learned, diffWeights);
        learned = undefined;
      }
      // A gradient that is still zero is written; one that holds something is added to.
      const writesW = dw?.isZero === true;
      const writesB = db?.isZero === true;
      if (!writesW) ownW ??= layouts.scratch(diffWeights);
      run(
        weights,
        writesW ? floats.write(dw, diffWeights) : (ownW as StoreMemory),
        writesB ? floats.write(db, biasLayout) : scratchB(),
      );
      layouts.ran.add(`weights ${weights.implementation}`);
      if (dw && !writesW) add(floats, diffWeights, ownW as StoreMemory, dw);
      if (db && !writesB) add(floats, biasLayout, ownB as StoreMemory, db);
    },
  };
}

/** Whether the library has nothing made for these shapes: it copies windows to a matrix, or goes element by element. */
function isSlow({ implementation }: Primitive): boolean {
  return /gemm|ref/.test(implementation);
}

/** The array in that layout for as long as `use` runs; where that is of floats and the array of bfloat16, as floats of the same numbers. */
function withTyped(
  layouts: Layouts,
  mem: SyncedMem,
  layout: Layout,
  use: (buffer: Buffer) => void,
): void {
  if (layout.type === layouts.type) {
    use(layouts.read(mem, layout));
    return;
  }
  const lying = layouts.current(mem, layout.dims);
  const from = layouts.read(mem, lying);
  layouts.lend(layout.floats, (floats) => {
    layouts.run(layouts.reorder(lying, layout), [from, floats]);
    use(floats);
  });
}

function add(
  layouts: Layouts,
  layout: Primitive["layouts"][string],
  from: StoreMemory,
  to: SyncedMem,
): void {
  layouts.addon.axpby(layout.stored, 1, from, 1, layouts.update(to, layout));
}
