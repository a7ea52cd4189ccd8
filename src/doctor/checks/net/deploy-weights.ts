import { nearestText } from "../../../util/nearest.ts";
import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";

/**
 * Layers of the net for use that training does not fill: their weights are found by the layers' names, and have to have the
 * same shapes. One of another name keeps what its filler gives it, and the net guesses at random.
 */
export const deployWeights: NetCheck = {
  name: "deploy-weights",
  uses: ["deploy"],
  *look({ whole, layers, built }, { nets, isStatic }) {
    const train = nets.find(({ use }) => use === "train")?.built;
    if (!built || !train) return;
    const channelsOf = (net: typeof built): number | undefined => net.topBlobs[0]?.[0]?.shape[1];
    if (isStatic && channelsOf(built) !== channelsOf(train)) return;
    const shapesOf = (blobs: readonly { readonly shape: readonly number[] }[]): string =>
      blobs.map(({ shape }) => shape.join("×")).join(" and ");
    for (const [name, blobs] of built.params) {
      const trained = train.params.get(name);
      const layer = layers.find((one) => one.name === name);
      if (!layer) continue;
      if (!trained) {
        yield ofLayer(whole, layer, {
          severity: "error",
          what: `the train net has no layer of this name with weights: nothing fills it.${nearestText(name, train.params.keys())}`,
          advice: "Give both layers the same name.",
        });
      } else if (shapesOf(trained) !== shapesOf(blobs)) {
        yield ofLayer(whole, layer, {
          severity: "error",
          what: `its weights are ${shapesOf(blobs)}, and in the train net ${shapesOf(trained)}: a snapshot cannot be read into it.`,
          advice:
            "Give both layers the same parameters (num_output, kernel_size, bias_term), and both nets the same size of input.",
        });
      }
    }
  },
};
