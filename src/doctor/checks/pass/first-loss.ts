import type { LayerParameter } from "../../../io/proto/caffe.ts";
import type { PassCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { isSoftmaxLoss, isSource } from "../../layer-kinds.ts";

/** So much more than guessing costs is no chance any more. */
const TIMES = 3;
/** Values as large as those of pixels that nothing has scaled. */
const PIXELS = 50;

/**
 * The loss before anything is learned, against ln(classes), which is what a net costs that knows nothing and says so. One far above
 * is sure and wrong: its scores are too large, mostly for input of 0 to 255 and weights made for values of about 1. Scores that are
 * equal for every image cost exactly ln(classes) too, and go on doing so.
 */
export const firstLoss: PassCheck = {
  name: "first-loss",
  *look({ tops, scores, params }, { whole, layers }) {
    for (const layer of layers) {
      const [name = ""] = layer.bottom ?? [];
      const given = scores.get(name);
      const loss = tops.find((top) => top.layer.name === layer.name);
      if (!isSoftmaxLoss(layer) || !given || !loss || loss.isSpoilt) continue;
      const classes = given.shape[layer.softmax_param?.axis ?? 1] ?? 1;
      const guess = Math.log(classes);
      if (classes > 1 && loss.rms > TIMES * guess && loss.rms > guess + 2) {
        yield ofLayer(whole, layer, {
          severity: "warning",
          what: `the first loss is ${loss.rms.toFixed(2)}, and one that only guesses has ln ${classes} = ${guess.toFixed(2)}: the net is sure of what it does not know.`,
          advice: adviceFor(tops.find(({ layer: one }) => isSource(one))),
        });
      }
      if (isEqual(given) && params.every(({ index, values }) => index > 0 || values.rms > 0)) {
        yield ofLayer(whole, layer, {
          severity: "error",
          what: `every image of a batch gets the same scores ("${name}"): the loss is about ln ${classes} = ${guess.toFixed(2)} and stays there.`,
          advice:
            "Look at what is said above of this net (dead ReLUs, weights, data that is all 0), or which layer gives every image the same: caffe train with debug_info: true tells each one's mean.",
        });
      }
    }
  },
};

function adviceFor(
  data: { readonly greatest: number; readonly layer: LayerParameter } | undefined,
): string {
  if (!data || data.greatest < PIXELS) {
    return 'Write smaller weights: weight_filler { type: "xavier" }, or std: 0.01 in the layer before the loss.';
  }
  return `Its input goes up to ${Math.round(data.greatest)}. Write into layer "${data.layer.name}": transform_param { scale: 0.00390625 … }, and mean_value: what is subtracted before; the same in the net for use.`;
}

/** Whether all images of a batch, of which there are two or more, have the same scores. */
function isEqual({
  shape,
  values,
}: {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}): boolean {
  const [images = 0] = shape;
  const each = values.length / Math.max(images, 1);
  if (images < 2 || each === 0) return false;
  return values.every(
    (value, i) => Math.abs(value - (values[i % each] ?? 0)) <= 1e-6 * Math.abs(value),
  );
}
