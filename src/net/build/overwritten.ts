import type { Blob } from "../../blob/blob.ts";
import type { BackwardReads } from "../../layers/base/layer.ts";
import type { Log } from "../../util/log.ts";
import type { PlannedLayer } from "./backward-plan.ts";
import { type JoinedLayer, overwritersOf } from "./blob-users.ts";

/**
 * Warns of wrong gradients: of layers whose backward reads data that a layer in place has overwritten by then, as in Caffe.
 * Data of which `run/kept-data.ts` keeps a copy does not count.
 */
export function warnOfOverwritten(layers: readonly (JoinedLayer & PlannedLayer)[], log: Log): void {
  layers.forEach((built, i) => {
    const { layer, name, bottoms, tops, bottomBlobs, topBlobs } = built;
    const hasGradients =
      built.bottomNeedsBackward.includes(true) || layer.paramPropagateDown.includes(true);
    if (!built.needsBackward || !hasGradients) return;
    const check = (
      reads: BackwardReads,
      kind: string,
      blobName: string | undefined,
      blob: Blob,
    ): void => {
      if (reads === "nothing" || reads === "kept") return;
      const other = overwritersOf(layers, i, blob).find(
        (one) => !(reads === "signs" && one.layer.keepsSigns),
      );
      if (!other) return;
      const [overwritten] = other.tops;
      const same = overwritten === blobName ? "" : `, in the same memory as "${blobName}"`;
      log(
        "warning",
        "net",
        `the gradient of layer "${name}" (${layer.param.type}) is computed from its ${kind} "${blobName}", which layer "${other.name}" (${other.layer.param.type}) overwrites before that, in place on "${overwritten}"${same}: it is not the gradient of what forward computes, as in Caffe. Expected a top of its own for "${other.name}".`,
      );
    };
    bottomBlobs.forEach((blob, b) => {
      check(layer.backwardReadsBottom(b), "bottom", bottoms[b], blob);
    });
    topBlobs.forEach((blob, t) => {
      check(layer.backwardReadsTop(t), "top", tops[t], blob);
    });
  });
}
