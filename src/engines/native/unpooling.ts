import { countOf } from "../../util/shape.ts";
import type { UnpoolingDescriptor, UnpoolingOp } from "../engine.ts";
import type { Layout, ViewArgs } from "./addon.ts";
import type { Layouts } from "./layouts.ts";
import { PerLayout } from "./per-layout.ts";

/** Maxima back to their places, in the layout in which what is read lies: plain, or channels in blocks. */
export function nativeUnpooling(layouts: Layouts, d: UnpoolingDescriptor): UnpoolingOp {
  const { addon } = layouts;
  const small = [d.batch, d.channels, ...d.input];
  const large = [d.batch, d.channels, ...d.output];
  const size = countOf(d.output);
  const inBlocks = ({ block }: Layout): boolean => block === 8 || block === 16;
  const made = new PerLayout((from) => {
    const layoutOf = (dims: readonly number[]): Layout =>
      inBlocks(from) ? new addon.Layout(dims, from.block) : layouts.plain(dims);
    const block = inBlocks(from) ? from.block : 1;
    const view: ViewArgs = [d.batch, d.channels, countOf(d.input), block];
    return { narrow: layoutOf(small), wide: layoutOf(large), view };
  });
  return {
    forward(x, mask, y) {
      const { narrow, wide, view } = made.get(layouts.current(x, small));
      const [from, where] = [layouts.read(x, narrow), layouts.read(mask, narrow)];
      return addon.unpool(...view, size, from, where, layouts.write(y, wide));
    },
    backward(dy, mask, dx) {
      const { narrow, wide, view } = made.get(layouts.current(dy, large));
      const [from, where] = [layouts.read(dy, wide), layouts.read(mask, narrow)];
      addon.unpoolBackward(...view, size, from, where, layouts.write(dx, narrow));
    },
  };
}
