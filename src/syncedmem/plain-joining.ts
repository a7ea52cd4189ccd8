import { SummedParts } from "./summed-parts.ts";
import type { Joining, Sharing, SyncedMem } from "./synced-mem.ts";

/** How processes share the update of arrays of so many elements whose cpu copies are the newest. */
export function plainSharing(elements: number): Sharing {
  return {
    elements,
    unit: 1,
    fits: (mem) => mem.isCpuFresh && mem.count === elements,
    move: (mem, to) => mem.moveCpu(to),
    moveGradient(mem, to) {
      mem.moveCpu(to);
      mem.zero();
    },
    isThere: (mem, memory) => mem.isCpuFresh && mem.keepsCpuIn(memory),
    markChanged: (mem) => void mem.mutableCpu(),
    leave: (mem) => mem.takeCpuBack(),
    sum(parts, begin, end, to) {
      SummedParts.write(
        to,
        parts.map((part) => part.subarray(begin, end)),
      );
    },
  };
}

/** How the parts of a sum travel that lie plain, in float32. */
export function plainJoining({ count }: SyncedMem): Joining {
  return {
    kind: "sum",
    floats: count,
    write(mem, to) {
      if (!mem.keepsCpuIn(to)) to.set(mem.cpu().subarray(0, count));
      // What has not been written is zeros that no memory holds yet.
      else mem.cpu();
      return true;
    },
    read(mem, [sums]) {
      mem.overwriteCpu().set(sums as Float32Array);
    },
    sharing: plainSharing(count),
  };
}
