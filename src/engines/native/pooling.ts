import { countOf } from "../../util/shape.ts";
import type { PoolingDescriptor, PoolingOp } from "../engine.ts";
import type { Layout, PoolArgs, PoolingWindow, StoreMemory, ViewArgs } from "./addon.ts";
import { type Layouts, viewOf } from "./layouts.ts";
import { PerLayout } from "./per-layout.ts";

/**
 * A pooling's window as oneDNN takes it; undefined where its rules differ from Caffe's.
 *
 * Caffe averages over the window clipped to the padded image. Without padding that is oneDNN's
 * exclude_padding, and where no window reaches beyond the padding its include_padding.
 */
export function poolingWindowOf(d: PoolingDescriptor): PoolingWindow | undefined {
  const padRight = d.input.map(
    (length, i) => (d.output[i]! - 1) * d.stride[i]! + d.kernel[i]! - length - d.pad[i]!,
  );
  const isPadded = d.pad.some((pad) => pad > 0);
  const overhangs = padRight.some((pad, i) => pad > d.pad[i]!);
  const fits = padRight.every((pad, i) => pad < d.kernel[i]!);
  if (!fits || (d.method === "AVE" && isPadded && overhangs)) return undefined;
  return {
    algorithm: d.method === "MAX" ? "max" : isPadded ? "include" : "exclude",
    dst: [d.batch, d.channels, ...d.output],
    stride: d.stride,
    kernel: d.kernel,
    padLeft: d.pad,
    padRight,
  };
}

/** Pooling by oneDNN, in the layout the bottom lies in; undefined where its rules differ from Caffe's. */
function onednnPooling(layouts: Layouts, d: PoolingDescriptor): PoolingOp | undefined {
  const window = poolingWindowOf(d);
  if (!window) return undefined;
  const input = [d.batch, d.channels, ...d.input];
  const made = new PerLayout((layout) => {
    const forward = layouts.addon.poolingForward(window, layout);
    const { workspace } = forward.layouts;
    return {
      forward,
      backward: layouts.addon.poolingBackward(window, forward),
      workspace: (workspace ? [layouts.scratch(workspace)] : []) as StoreMemory[],
    };
  });
  let last: ReturnType<typeof made.get> | undefined;
  return {
    forward(x, y) {
      last = made.get(layouts.current(x, input));
      // The library's plain loops, which blocks of four channels are left to, take far longer than a reorder.
      if (last.forward.implementation.startsWith("ref")) last = made.get(layouts.plain(input));
      const { forward, workspace } = last;
      const { src, dst } = forward.layouts;
      layouts.ran.add(forward.implementation);
      layouts.run(forward, [layouts.read(x, src), layouts.write(y, dst), ...workspace]);
    },
    backward(_x, dy, dx) {
      const { backward, workspace } = last ?? made.get(layouts.plain(input));
      const { diffDst, diffSrc } = backward.layouts;
      layouts.ran.add(backward.implementation);
      backward.run(layouts.read(dy, diffDst), layouts.write(dx, diffSrc), ...workspace);
    },
  };
}

/**
 * Pooling by loops, with Caffe's windows, in the layout the bottom lies in. In blocks of channels they are two to
 * three times as fast as oneDNN's.
 */
function loopPooling(layouts: Layouts, d: PoolingDescriptor): PoolingOp {
  const { addon } = layouts;
  const src = [d.batch, d.channels, ...d.input];
  const dst = [d.batch, d.channels, ...d.output];
  const made = new PerLayout((x) => {
    const isBlocked = liesInBlocks(x);
    const input = isBlocked ? x : layouts.plain(src);
    const output = isBlocked ? layouts.blocked(dst, x.block) : layouts.plain(dst);
    const args = poolArgs(
      d,
      isBlocked ? viewOf(input) : [d.batch, d.channels, countOf(d.input), 1],
    );
    return { input, output, args };
  });
  // Marks are positions in the window, a byte each; in larger windows, or with a mask, positions in the plane.
  const isSmall = countOf(d.kernel) < 255;
  let marks: { readonly memory: StoreMemory; readonly areIndices: boolean } | undefined;
  let last: ReturnType<typeof made.get> | undefined;
  const marksFor = (output: Layout, areIndices: boolean): StoreMemory => {
    if (marks?.areIndices !== areIndices) {
      const floats = areIndices ? output.stored : Math.ceil(output.stored / 4);
      marks = { memory: new addon.Store(floats), areIndices };
    }
    return marks.memory;
  };
  return {
    absorbsRectifier: d.method === "MAX" && isSmall,
    forward(x, y, { mask, isRectified = false } = {}) {
      layouts.ran.add("loops");
      const before = last;
      last = made.get(layouts.current(x, src));
      if (before !== last) marks = undefined;
      const { input, output, args } = last;
      const from = layouts.read(x, input);
      const to = layouts.write(y, output);
      if (d.method === "AVE") {
        addon.meanPool(...args, from, to);
      } else if (isSmall && !mask) {
        addon.maxPool(...args, isRectified, from, to, marksFor(output, false));
      } else {
        const index = marksFor(output, true);
        addon.indexedMaxPool(...args, from, to, index);
        if (mask) addon.copy(output.stored, index, layouts.write(mask, output));
      }
    },
    backward(_x, dy, dx) {
      layouts.ran.add("loops");
      const { input, output, args } = last ?? made.get(layouts.plain(src));
      const from = layouts.read(dy, output);
      const to = layouts.write(dx, input);
      if (d.method === "AVE") addon.meanPoolBackward(...args, from, to);
      else if (marks?.areIndices) addon.indexedMaxPoolBackward(...args, from, marks.memory, to);
      else addon.maxPoolBackward(...args, from, marksFor(output, false), to);
    },
  };
}

/** Pooling by chance, plane by plane: the index of a random word counts elements in row-major order. */
function stochasticPooling(layouts: Layouts, d: PoolingDescriptor): PoolingOp {
  const { addon } = layouts;
  const input = layouts.plain([d.batch, d.channels, ...d.input]);
  const output = layouts.plain([d.batch, d.channels, ...d.output]);
  const args = poolArgs(d, [d.batch, d.channels, countOf(d.input), 1]);
  const index = layouts.scratch(output);
  let isDrawn = false;
  return {
    forward(x, y, { key } = {}) {
      const [from, to] = [layouts.read(x, input), layouts.write(y, output)];
      isDrawn = key !== undefined;
      if (key) addon.drawnPool(...args, ...key, from, to, index);
      else addon.expectedPool(...args, from, to);
    },
    backward(x, dy, dx) {
      const gradient = layouts.read(dy, output);
      if (isDrawn) addon.indexedMaxPoolBackward(...args, gradient, index, layouts.write(dx, input));
      else {
        const from = layouts.read(x, input);
        addon.expectedPoolBackward(...args, from, gradient, layouts.write(dx, input));
      }
    },
  };
}

/** The input as `view` sees it, and the windows. */
function poolArgs(d: PoolingDescriptor, view: ViewArgs): PoolArgs {
  return [...view, ...d.input, ...d.output, ...d.kernel, ...d.stride, ...d.pad];
}

/** Channels in the blocks that loops keep in a vector: neither plain nor all channels of a position together. */
function liesInBlocks({ block }: Layout): boolean {
  return block === 8 || block === 16;
}

/** Pooling of planes. */
export function nativePooling(layouts: Layouts, d: PoolingDescriptor): PoolingOp {
  if (d.method === "STOCHASTIC") return stochasticPooling(layouts, d);
  const loops = loopPooling(layouts, d);
  // The library takes no empty arrays.
  const isEmpty = d.batch * d.channels === 0;
  const fast = isEmpty ? undefined : onednnPooling(layouts, d);
  if (!fast) return loops;
  const src = [d.batch, d.channels, ...d.input];
  let last = fast;
  return {
    absorbsRectifier: loops.absorbsRectifier === true,
    forward(x, y, extra) {
      // oneDNN does not tell where each maximum was.
      const wantsMarks = extra?.mask || extra?.isRectified;
      last = wantsMarks || liesInBlocks(layouts.current(x, src)) ? loops : fast;
      last.forward(x, y, extra);
    },
    backward(x, dy, dx) {
      last.backward(x, dy, dx);
    },
  };
}
