import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { readersOf } from "../../flow.ts";
import { isFrozen, learnsScale } from "../../layer-kinds.ts";

/**
 * BatchNorm's statistics against the phase. By default a batch's own are used in training, and those of all training in
 * TEST. In training, `use_global_stats: true` normalizes by what weights files brought: without any by nothing. In TEST,
 * false makes an image's scores depend on the others of its batch; with a batch of one, each channel is its own mean.
 */
export const globalStatistics: NetCheck = {
  name: "global-statistics",
  *look({ use, whole, layers }, { solver, weights }) {
    for (const [i, layer] of layers.entries()) {
      const { batch_norm_param: message } = layer;
      const given = message?.use_global_stats;
      const part = { message, field: "use_global_stats" };
      if (use !== "train" && given === false) {
        yield ofLayer(
          whole,
          layer,
          {
            severity: "error",
            what: `use_global_stats: false in TEST: what this net says of an image depends on the other images of its batch.`,
            advice:
              "Take the line out: the phase decides by itself, a batch's statistics in TRAIN and all of training's in TEST.",
          },
          part,
        );
      }
      const isMeant =
        weights.length > 0 ||
        isFrozen(layer) ||
        readersOf(layers, i).some((reader) => learnsScale(reader) && isFrozen(reader));
      if (use === "train" && solver && given === true && !isMeant) {
        yield ofLayer(
          whole,
          layer,
          {
            severity: "error",
            what: "use_global_stats: true in TRAIN, and no weights bring statistics: it divides by a variance of 0, and never learns another.",
            advice:
              "Take the line out to train from the start, or give the weights that it is to be finetuned from (--weights=FILE, or weights: in the solver).",
          },
          part,
        );
      }
    }
  },
};
