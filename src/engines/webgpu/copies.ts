import { countOf } from "../../util/shape.ts";
import type {
  ConcatDescriptor,
  ConcatOp,
  CopyOp,
  CropDescriptor,
  GatherDescriptor,
  GatherOp,
  PermuteDescriptor,
  TileDescriptor,
} from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import { PicksByRow } from "./picks-by-row.ts";
import type { Scope } from "./scope.ts";
import { copies as code } from "./shaders.ts";
import { tableOf } from "./table.ts";

/** The entries of copies.wgsl and the arrays that each takes. */
const ENTRIES = {
  join: "rw",
  cut: "rw",
  crop: "rw.r",
  uncrop: "rw.r",
  permute: "rw.r",
  unpermute: "rw.r",
  tile: "rw",
  untile: "rw",
  gather: "rwr",
  scatter: "rw.r",
} as const;

function run(
  scope: Scope,
  entry: keyof typeof ENTRIES,
  count: number,
  [a, b, c]: readonly [number, number, number],
  buffers: readonly GpuBuffer[],
): void {
  const kernel = scope.kernel({ name: `copies, ${entry}`, code, entry, arrays: ENTRIES[entry] });
  kernel.run(buffers, uniforms([], [count, a, b, c]), groupsFor(count));
}

/** For each outer index the inputs' blocks lie one behind the other. */
export function webgpuConcat(scope: Scope, { shapes, axis }: ConcatDescriptor): ConcatOp {
  const blocks = shapes.map((shape) => countOf(shape, axis));
  const total = blocks.reduce((a, b) => a + b, 0);
  const starts = blocks.map((_, k) => blocks.slice(0, k).reduce((a, b) => a + b, 0));
  const counts = shapes.map((shape) => countOf(shape));
  const placeOf = (k: number) => [blocks[k]!, total, starts[k]!] as const;
  return {
    forward(xs, y) {
      const out = scope.pass(y);
      xs.forEach((x, k) => {
        run(scope, "join", counts[k]!, placeOf(k), [scope.read(x), out]);
      });
    },
    backward(dy, dxs) {
      const gradient = scope.read(dy);
      dxs.forEach((dx, k) => {
        if (dx) run(scope, "cut", counts[k]!, placeOf(k), [gradient, scope.pass(dx)]);
      });
    },
  };
}

/** A box out of an array, and back into zeros. */
export function webgpuCrop(scope: Scope, { shape, offset, size }: CropDescriptor): CopyOp {
  const count = countOf(size);
  const axes = tableOf(scope, () => shape.map((whole, a) => [whole, size[a]!, offset[a]!, 0]));
  const numbers = [shape.length, 0, 0] as const;
  return {
    forward(x, y) {
      run(scope, "crop", count, numbers, [scope.read(x), scope.write(y), axes()]);
    },
    backward(dy, dx) {
      dx.zero();
      run(scope, "uncrop", count, numbers, [scope.read(dy), scope.update(dx), axes()]);
    },
  };
}

/** Axes in another order. */
export function webgpuPermute(scope: Scope, { shape, order }: PermuteDescriptor): CopyOp {
  const count = countOf(shape);
  const axes = tableOf(scope, () =>
    order.map((axis) => [shape[axis]!, countOf(shape, axis + 1), 0, 0]),
  );
  const numbers = [order.length, 0, 0] as const;
  return {
    forward(x, y) {
      run(scope, "permute", count, numbers, [scope.read(x), scope.write(y), axes()]);
    },
    backward(dy, dx) {
      run(scope, "unpermute", count, numbers, [scope.read(dy), scope.write(dx), axes()]);
    },
  };
}

/** Each block of `inner` elements `tiles` times; backward adds the copies up. */
export function webgpuTile(scope: Scope, { outer, tiles, inner }: TileDescriptor): CopyOp {
  const count = outer * inner;
  const numbers = [tiles, inner, 0] as const;
  return {
    forward(x, y) {
      run(scope, "tile", tiles * count, numbers, [scope.read(x), scope.write(y)]);
    },
    backward(dy, dx) {
      run(scope, "untile", count, numbers, [scope.read(dy), scope.write(dx)]);
    },
  };
}

/** Rows picked by number; backward adds each row's gradient to the row it came from. */
export function webgpuGather(scope: Scope, { rows, size, picks }: GatherDescriptor): GatherOp {
  const byRow = new PicksByRow(rows, picks);
  return {
    forward(x, index, y) {
      const buffers = [scope.read(x), scope.write(y), scope.read(index)];
      run(scope, "gather", picks * size, [rows, size, 0], buffers);
    },
    backward(dy, index, dx) {
      if (!index.isOnHost) {
        scope.fail(
          "a layer has written over the numbers of the rows on the GPU since forward read them, and backward sorts them on the host. Expected a top of its own for what that layer makes.",
        );
      }
      const picked = byRow.sort(index.cpu(), (message) => scope.fail(message));
      const buffers = [scope.read(dy), scope.update(dx), scope.read(byRow.table)];
      run(scope, "scatter", picked * size, [picked, size, 0], buffers);
    },
  };
}
