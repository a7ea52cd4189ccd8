import type { PoolingDescriptor, PoolingOp } from "../engine.ts";
import type { PoolingWindow, StoreMemory } from "./addon.ts";
import { PerLayout, type Places } from "./places.ts";

/**
 * Pooling by oneDNN, in the layout the bottom lies in; undefined where its rules differ from Caffe's.
 *
 * Caffe averages over the window clipped to the padded image. Without padding that is oneDNN's
 * exclude_padding, and where no window reaches beyond the padding its include_padding.
 */
export function nativePooling(places: Places, d: PoolingDescriptor): PoolingOp | undefined {
  if (d.method === "STOCHASTIC") return undefined;
  const padRight = d.input.map(
    (length, i) => (d.output[i]! - 1) * d.stride[i]! + d.kernel[i]! - length - d.pad[i]!,
  );
  const isPadded = d.pad.some((pad) => pad > 0);
  const overhangs = padRight.some((pad, i) => pad > d.pad[i]!);
  const fits = padRight.every((pad, i) => pad < d.kernel[i]!);
  if (!fits || (d.method === "AVE" && isPadded && overhangs)) return undefined;
  const window: PoolingWindow = {
    algorithm: d.method === "MAX" ? "max" : isPadded ? "include" : "exclude",
    dst: [d.batch, d.channels, ...d.output],
    stride: d.stride,
    kernel: d.kernel,
    padLeft: d.pad,
    padRight,
  };
  const src = [d.batch, d.channels, ...d.input];
  const made = new PerLayout((layout) => {
    const forward = places.addon.poolingForward(window, layout);
    const { workspace } = forward.layouts;
    return {
      forward,
      backward: places.addon.poolingBackward(window, forward),
      workspace: (workspace ? [places.scratch(workspace)] : []) as StoreMemory[],
    };
  });
  let last: ReturnType<typeof made.get> | undefined;
  return {
    forward(x, y) {
      last = made.get(places.current(x, src));
      const { forward, workspace } = last;
      const { layouts } = forward;
      forward.run(places.read(x, layouts.src), places.write(y, layouts.dst), ...workspace);
    },
    backward(_x, dy, dx) {
      const { backward, workspace } = last ?? made.get(places.plain(src));
      const { layouts } = backward;
      backward.run(
        places.read(dy, layouts.diffDst),
        places.write(dx, layouts.diffSrc),
        ...workspace,
      );
    },
  };
}
