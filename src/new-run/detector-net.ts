import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { sideOf, sizedPictures } from "./detector-sizes.ts";
import type { FormedNet, NetForm } from "./formed-net.ts";
import { changeWeights, judgesBoxes } from "./layer-kinds.ts";
import { learnersBehind } from "./learners-behind.ts";
import { isYolo, yoloFor } from "./yolo-net.ts";

/**
 * A detector, SSD or YOLO, for other classes and another size of images.
 * @throws NetError where the size does not suit it
 */
export function detectorFor(net: NetParameter, form: NetForm): FormedNet {
  return isYolo(net) ? yoloFor(net, form) : ssdFor(net, form);
}

/**
 * An SSD. Class 0 is the background, so there is one score more than
 * there are classes for each box; the boxes that are laid out before are as large beside the picture as they were.
 */
function ssdFor(net: NetParameter, { classes, size }: NetForm): FormedNet {
  const layers = net.layer ?? [];
  const judge = layers.find(judgesBoxes);
  const [boxes = "", scored = ""] = judge?.bottom ?? [];
  const [scores, places] = [scored, boxes].map((blob) => learnersBehind(layers, blob).learners) as [
    ReadonlySet<string>,
    ReadonlySet<string>,
  ];
  const { num_classes = 0 } = judge?.multibox_loss_param ?? judge?.detection_output_param ?? {};
  const before = sideOf(layers);
  const numbers = { before: num_classes, now: classes + 1 };
  const layer = layers.map((one): LayerParameter => {
    if (scores.has(one.name ?? "")) {
      const { num_output = 0 } = one.convolution_param ?? {};
      return changeWeights(one, { num_output: (num_output / numbers.before) * numbers.now });
    }
    return sized(withClasses(one, numbers), before, size);
  });
  return { net: { ...net, layer }, scores, heads: new Set([...scores, ...places]) };
}

/** A layer that knows how many classes there are, for another number of them. */
function withClasses(
  layer: LayerParameter,
  { before, now }: { readonly before: number; readonly now: number },
): LayerParameter {
  const counted = { num_classes: now };
  const { multibox_loss_param, detection_output_param, detection_evaluate_param } = layer;
  const dim = layer.reshape_param?.shape?.dim;
  const isByClass = dim !== undefined && dim.length > 0 && [...dim].at(-1) === before;
  return {
    ...layer,
    ...(multibox_loss_param && { multibox_loss_param: { ...multibox_loss_param, ...counted } }),
    ...(detection_output_param && {
      detection_output_param: { ...detection_output_param, ...counted },
    }),
    ...(detection_evaluate_param && {
      detection_evaluate_param: { ...detection_evaluate_param, ...counted },
    }),
    ...(isByClass && { reshape_param: { shape: { dim: [...dim.slice(0, -1), now] } } }),
  };
}

/** A layer that gives images, or lays out boxes, for images of another size. */
function sized(layer: LayerParameter, before: number, size: number): LayerParameter {
  const { prior_box_param } = layer;
  if (!prior_box_param || size === before) return sizedPictures(layer, size);
  // Steps in pixels are those of the old size; without, they follow from the map.
  const { step: _, min_size = [], max_size = [], ...rest } = prior_box_param;
  // SSD counts whole pixels.
  const scaled = (sizes: Iterable<number>): number[] =>
    Array.from(sizes, (side) => Math.max(1, Math.round((side * size) / before)));
  return {
    ...layer,
    prior_box_param: {
      min_size: scaled(min_size),
      ...(max_size.length > 0 && { max_size: scaled(max_size) }),
      ...rest,
    },
  };
}
