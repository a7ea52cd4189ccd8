import { sourceOf } from "../../../io/proto/source.ts";
import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { isFrozen, isLearned, isLoss } from "../../layer-kinds.ts";

/** A train net in which nothing changes: it has no loss, or every `lr_mult` is 0. It runs for hours and writes what it read. */
export const nothingLearns: NetCheck = {
  name: "nothing-learns",
  uses: ["train"],
  *look({ whole, layers, built }, { solver }) {
    if (!solver) return;
    const hasLoss = layers.some(
      (layer) =>
        (isLoss(layer) && !layer.loss_weight?.every((w) => w === 0)) ||
        layer.loss_weight?.some((w) => w !== 0),
    );
    const where = sourceOf(whole)?.file ?? "";
    if (!hasLoss) {
      yield {
        severity: "error",
        what: "the train net has no loss: no layer of it is one in phase TRAIN, and no loss_weight is given.",
        where,
        advice:
          'Add one: layer { name: "loss" type: "SoftmaxWithLoss" bottom: "SCORES" bottom: "label" top: "loss" }. Is it there, and its include { phase: } another?',
      };
    }
    const learned = layers.filter(isLearned);
    const isIdle = built
      ? built.learnableParams.length > 0 &&
        built.learnableParams.every(({ lrMult }) => lrMult === 0)
      : learned.length > 0 && learned.every(isFrozen);
    const [first] = learned;
    if (!isIdle || !first) return;
    yield ofLayer(
      whole,
      first,
      {
        severity: "error",
        what: "every lr_mult of the net is 0: no weight ever changes.",
        advice:
          "Write param { lr_mult: 1 } in the layers that are to learn, or take their param { } out.",
      },
      { message: first.param?.[0], field: "lr_mult" },
    );
  },
};
