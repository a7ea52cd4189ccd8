import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { LRNDescriptor, LRNOp } from "../engine.ts";
import type { StoreMemory, WithinArgs } from "./addon.ts";
import { PerLayout, type Places, viewOf } from "./places.ts";

/** Response normalisation in the layout the bottom lies in. */
export function nativeLRN(places: Places, d: LRNDescriptor): LRNOp {
  return d.region === "ACROSS_CHANNELS" ? acrossChannels(places, d) : withinChannel(places, d);
}

/** By oneDNN. */
function acrossChannels(places: Places, d: LRNDescriptor): LRNOp {
  const made = new PerLayout((layout) => {
    const forward = places.addon.lrnForward(d, layout);
    const { workspace } = forward.layouts;
    return {
      forward,
      backward: places.addon.lrnBackward(d, layout),
      workspace: (workspace ? [places.scratch(workspace)] : []) as StoreMemory[],
    };
  });
  return {
    forward(x, y) {
      const { forward, workspace } = made.get(places.current(x, d.shape));
      const { src, dst } = forward.layouts;
      places.ran.add(forward.implementation);
      forward.run(places.read(x, src), places.write(y, dst), ...workspace);
    },
    backward(x, _y, dy, dx) {
      const { backward, workspace } = made.get(places.current(x, d.shape));
      const { src, diffDst, diffSrc } = backward.layouts;
      places.ran.add(backward.implementation);
      backward.run(
        places.read(x, src),
        places.read(dy, diffDst),
        places.write(dx, diffSrc),
        ...workspace,
      );
    },
  };
}

/** By loops, in blocks of channels that need no padding. */
function withinChannel(places: Places, d: LRNDescriptor): LRNOp {
  const { addon } = places;
  const [, , height, width] = d.shape;
  const made = new PerLayout((layout) => {
    const { localSize, alpha, beta, k } = d;
    const args: WithinArgs = [...viewOf(layout), height, width, localSize, alpha, beta, k];
    return { layout, args };
  });
  const madeFor = (x: SyncedMem): ReturnType<typeof made.get> =>
    made.get(places.currentOf(x, d.shape, "blocks", "no padding"));
  return {
    forward(x, y) {
      const { layout, args } = madeFor(x);
      addon.lrnWithin(...args, places.read(x, layout), places.write(y, layout));
    },
    backward(x, y, dy, dx) {
      const { layout, args } = madeFor(x);
      const [value, result] = [places.read(x, layout), places.read(y, layout)];
      const gradient = places.read(dy, layout);
      addon.lrnWithinBackward(...args, value, result, gradient, places.write(dx, layout));
    },
  };
}
