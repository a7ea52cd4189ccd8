import type { LRNDescriptor, LRNOp } from "../engine.ts";
import type { StoreMemory } from "./addon.ts";
import { PerLayout, type Places } from "./places.ts";

/** Response normalisation across channels by oneDNN, in the layout the bottom lies in. */
export function nativeLRN(places: Places, d: LRNDescriptor): LRNOp {
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
      forward.run(places.read(x, src), places.write(y, dst), ...workspace);
    },
    backward(x, _y, dy, dx) {
      const { backward, workspace } = made.get(places.current(x, d.shape));
      const { src, diffDst, diffSrc } = backward.layouts;
      backward.run(
        places.read(x, src),
        places.read(dy, diffDst),
        places.write(dx, diffSrc),
        ...workspace,
      );
    },
  };
}
