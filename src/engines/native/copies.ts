import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type {
  ConvolutionDescriptor,
  CopyOp,
  CropDescriptor,
  GatherDescriptor,
  GatherOp,
  PermuteDescriptor,
  TileDescriptor,
} from "../engine.ts";
import type { Layout } from "./addon.ts";
import { type Layouts, viewOf } from "./layouts.ts";

/** A box out of an array, row by row. */
export function nativeCrop(layouts: Layouts, { shape, offset, size }: CropDescriptor): CopyOp {
  const { addon } = layouts;
  const [whole, box] = [layouts.plain(shape), layouts.plain(size)];
  return {
    forward(x, y) {
      addon.crop(shape, offset, size, false, layouts.read(x, whole), layouts.write(y, box));
    },
    backward(dy, dx) {
      addon.crop(shape, offset, size, true, layouts.read(dy, box), layouts.write(dx, whole));
    },
  };
}

/** Axes in another order. */
export function nativePermute(layouts: Layouts, { shape, order }: PermuteDescriptor): CopyOp {
  const { addon } = layouts;
  const result = order.map((axis) => shape[axis] ?? 1);
  const back = order.map((_, axis) => order.indexOf(axis));
  const [before, after] = [layouts.plain(shape), layouts.plain(result)];
  return {
    forward(x, y) {
      addon.permute(shape, order, layouts.read(x, before), layouts.write(y, after));
    },
    backward(dy, dx) {
      addon.permute(result, back, layouts.read(dy, after), layouts.write(dx, before));
    },
  };
}

/** Blocks repeated. */
export function nativeTile(layouts: Layouts, { outer, tiles, inner }: TileDescriptor): CopyOp {
  const { addon } = layouts;
  const [one, all] = [layouts.plain([outer, inner]), layouts.plain([outer, tiles, inner])];
  return {
    forward(x, y) {
      addon.tile(outer, tiles, inner, layouts.read(x, one), layouts.write(y, all));
    },
    backward(dy, dx) {
      addon.tileBackward(outer, tiles, inner, layouts.read(dy, all), layouts.write(dx, one));
    },
  };
}

/** Rows picked by number; as many as there are, where they are planes whose channels lie in blocks, in that layout. */
export function nativeGather(layouts: Layouts, { rows, size, picks }: GatherDescriptor): GatherOp {
  const { addon } = layouts;
  const [all, numbers, picked] = [
    layouts.plain([rows, size]),
    layouts.plain([picks]),
    layouts.plain([picks, size]),
  ];
  const blocksOf = (mem: SyncedMem): Layout | undefined => {
    const dims = layouts.dimsOf(mem);
    const arePlanes = dims && dims[0]! * (dims[1] ?? 1) === rows && countOf(dims) === rows * size;
    if (picks !== rows || !arePlanes) return undefined;
    const layout = layouts.current(mem, dims);
    return layout.block === 8 || layout.block === 16 ? layout : undefined;
  };
  return {
    forward(x, index, y) {
      const blocks = blocksOf(x);
      const which = layouts.read(index, numbers);
      if (blocks) {
        const from = layouts.read(x, blocks);
        addon.gatherPlanes(...viewOf(blocks), from, which, layouts.write(y, blocks));
      } else {
        addon.gather(rows, picks, size, layouts.read(x, all), which, layouts.write(y, picked));
      }
    },
    backward(dy, index, dx) {
      const blocks = blocksOf(dy);
      const which = layouts.read(index, numbers);
      if (blocks) {
        const from = layouts.read(dy, blocks);
        addon.scatterPlanes(...viewOf(blocks), from, which, layouts.update(dx, blocks));
      } else {
        const from = layouts.read(dy, picked);
        addon.scatterAdd(rows, picks, size, from, which, layouts.update(dx, all));
      }
    },
  };
}

/** Windows unfolded into columns. */
export function nativeIm2col(layouts: Layouts, d: ConvolutionDescriptor): CopyOp {
  const { addon } = layouts;
  const { input, output, kernel, stride, pad, dilation } = d;
  const planes = d.batch * d.inputChannels;
  const image = layouts.plain([planes, ...input]);
  const columns = layouts.plain([planes, countOf(kernel), ...output]);
  const window = [planes, input, output, kernel, stride, pad, dilation] as const;
  return {
    forward(x, y) {
      addon.im2col(...window, layouts.read(x, image), layouts.write(y, columns));
    },
    backward(dy, dx) {
      addon.col2im(...window, layouts.read(dy, columns), layouts.write(dx, image));
    },
  };
}
