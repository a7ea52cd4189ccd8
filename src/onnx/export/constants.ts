import { withDefaults } from "../../io/proto/messages.ts";
import type { Site, Translation } from "./site.ts";

/** What the layer makes of shapes alone, worked out once. */
function computed(at: Site): string[] {
  at.layer.forward(at.bottomBlobs, at.topBlobs);
  return at.topBlobs.map((blob, i) => {
    const values = Float32Array.from(blob.values());
    return at.made(`value${i}`, blob.shape, () => values);
  });
}

/** Boxes around the cells of a feature map, of which only the size counts, as that of the image. */
const priorBoxes: Translation = (at) => {
  for (const bottom of at.bottoms) for (const axis of [2, 3]) bottom.length(axis);
  return computed(at);
};

const indicator: Translation = (at) => {
  at.y.length(1);
  return computed(at);
};

const dummyData: Translation = (at) => {
  const { data_filler } = withDefaults("DummyDataParameter", at.param.dummy_data_param);
  const drawn = data_filler.find(({ type = "constant" }) => type !== "constant");
  if (drawn) {
    at.fail(
      `data_filler is "${drawn.type}", which draws anew in every pass. Expected "constant", or an Input in the layer's place.`,
    );
  }
  return computed(at);
};

/** Values that no input changes. */
export const constants: Readonly<Record<string, Translation>> = {
  ContinuationIndicator: indicator,
  DummyData: dummyData,
  Parameter: (at) => at.weights(0, "value"),
  PriorBox: priorBoxes,
  PriorBoxClustered: priorBoxes,
};
