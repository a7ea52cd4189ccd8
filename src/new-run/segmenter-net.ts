import type { LayerParameter, NetParameter, TransformationParameter } from "../io/proto/caffe.ts";
import { CaffeError } from "../util/errors.ts";
import { SCALE_SUFFIX, unbiased } from "./batch-norm.ts";
import type { FormedNet, NetForm } from "./formed-net.ts";
import {
  changeWeights,
  deconvolves,
  isForkNorm,
  isInput,
  isSink,
  judges,
  learns,
  MASK_DATA,
  readsPictures,
  sizedInput,
} from "./layer-kinds.ts";
import { learnersBehind } from "./learners-behind.ts";

/** The number of pixels that count for nothing. */
const IGNORED = 255;
/** How pictures are prepared where a model says nothing of it: −1 to 1. */
const PREPARED = { mean_value: [127.5], scale: 0.0078125 };
/** No layer has fewer outputs than this, however narrow the net. */
const LEAST_WIDTH = 8;

/**
 * A segmenter for other classes and another size of images, which come from a list (DenseImageData). Forks' BN becomes BatchNorm
 * and Scale where the net learns from nothing, and its layers have `width` of their outputs. Pixels of 255 count for nothing.
 *
 * @throws CaffeError where the size does not suit its poolings
 */
export function segmenterFor(net: NetParameter, form: NetForm): FormedNet {
  const { classes, size, width = 1, isAnew = false } = form;
  const layers = (isAnew ? withBatchNorms(net) : net).layer ?? [];
  const scored = layers.filter(judges).flatMap(({ bottom }) => bottom?.[0] ?? []);
  const last = layers.at(-1)?.top?.[0];
  const blobs = scored.length > 0 || last === undefined ? scored : [last];
  const found = blobs.map((blob) => learnersBehind(layers, blob));
  const scores = new Set(found.flatMap(({ learners }) => [...learners]));
  const between = new Set(found.flatMap((one) => [...one.between]));
  const upscaled = layers.filter((one) => deconvolves(one) && between.has(one.name ?? ""));
  for (const { name = "" } of upscaled) scores.add(name);
  const scaled = scaleOf(layers, size);
  const ofPictures = layers.filter(readsPictures);
  const prepared = preparedBy(ofPictures[0] ?? layers.find(isInput));
  const gone = new Set(
    ofPictures.flatMap(({ top = [] }) => top).filter((top) => top !== "data" && top !== "label"),
  );
  const rest = layers
    .filter((one) => !readsPictures(one))
    .filter((one) => !(isSink(one) && one.bottom?.every((blob) => gone.has(blob))))
    .map((one): LayerParameter => {
      const isScore = scores.has(one.name ?? "");
      if (isScore && deconvolves(one)) {
        const count = { num_output: classes, group: classes };
        return { ...one, convolution_param: { ...one.convolution_param, ...count } };
      }
      if (isScore) return changeWeights(one, { num_output: classes });
      if (learns(one)) return narrowed(one, width);
      if (isInput(one)) return { ...sizedInput(one, size), transform_param: prepared };
      return judged(scaled(one));
    });
  const data = ofPictures.length === 0 ? [] : [maskData("TRAIN", size), maskData("TEST", size)];
  const layer = [...data.map((one) => ({ ...one, transform_param: prepared })), ...rest];
  return { net: { ...net, layer }, scores, heads: scores };
}

/** The transform_param of pictures, with what a layer says of it. */
function preparedBy(layer: LayerParameter | undefined): TransformationParameter {
  const { mean_value, scale } = layer?.transform_param ?? {};
  if (!mean_value || mean_value.length === 0) return PREPARED;
  return { mean_value: [...mean_value], ...(scale !== undefined && { scale }) };
}

/** A layer that reads pictures and label images of a list. */
function maskData(phase: "TRAIN" | "TEST", size: number): LayerParameter {
  return {
    ...{ name: "data", type: MASK_DATA, top: ["data", "label"], include: [{ phase }] },
    dense_image_data_param: {
      source: phase === "TRAIN" ? "train.txt" : "val.txt",
      ...{ batch_size: 1, new_height: size, new_width: size },
    },
  };
}

/** Forks' BN as BatchNorm and Scale; what stands before it needs no bias. */
function withBatchNorms(net: NetParameter): NetParameter {
  const layers = net.layer ?? [];
  const normed = new Set(layers.filter(isForkNorm).map(({ bottom }) => bottom?.[0]));
  const layer = layers.flatMap((one): LayerParameter[] => {
    const { name = "", bottom = [], top = [] } = one;
    if (learns(one) && normed.has(top[0])) return [unbiased(one)];
    if (!isForkNorm(one)) return [one];
    const rule = { ...(one.include && { include: one.include }) };
    return [
      { name, type: "BatchNorm", bottom, top, ...rule },
      {
        name: `${name}${SCALE_SUFFIX}`,
        type: "Scale",
        bottom: top,
        top,
        ...rule,
        scale_param: { bias_term: true },
      },
    ];
  });
  return { ...net, layer };
}

function narrowed(layer: LayerParameter, width: number): LayerParameter {
  const { num_output = 0 } = layer.convolution_param ?? layer.inner_product_param ?? {};
  if (width === 1) return layer;
  return changeWeights(layer, {
    num_output: Math.max(LEAST_WIDTH, Math.round(num_output * width)),
  });
}

/** Losses and scores that leave out what counts for nothing; losses are means over pixels. */
function judged(layer: LayerParameter): LayerParameter {
  const ignored = { ignore_label: IGNORED };
  const { accuracy_param, seg_accuracy_param } = layer;
  return {
    ...layer,
    ...(layer.loss_param && { loss_param: ignored }),
    ...(accuracy_param && { accuracy_param: { ...accuracy_param, ...ignored } }),
    ...(seg_accuracy_param && {
      seg_accuracy_param: { ...seg_accuracy_param, ignore_label: [IGNORED] },
    }),
  };
}

/** What makes layers that know their maps' sizes fit another size of pictures. */
function scaleOf(
  layers: readonly LayerParameter[],
  size: number,
): (layer: LayerParameter) => LayerParameter {
  const halvings = layers.filter(({ upsample_param }) => upsample_param).length;
  if (halvings > 0) {
    const step = 2 ** halvings;
    if (size % step !== 0) throw unfit(size, `a multiple of ${step}`);
    return (one) => (one.upsample_param ? { ...one, upsample_param: { scale: 2 } } : one);
  }
  const side = layers.find(({ interp_param }) => interp_param?.height)?.interp_param?.height;
  if (side === undefined) return (one) => one;
  const now = (size - 1) / 8 + 1;
  if (now % 6 !== 0) throw unfit(size, "41, 89, 137, 185 or another 48·k − 7");
  return (one) => {
    const { interp_param, pooling_param } = one;
    if (interp_param?.height) return { ...one, interp_param: { height: now, width: now } };
    const { kernel_size, pool } = pooling_param ?? {};
    const [kernel = 0] = typeof kernel_size === "number" ? [kernel_size] : [...(kernel_size ?? [])];
    if (pool !== "AVE" || kernel === 0) return one;
    const part = (kernel * now) / side;
    return { ...one, pooling_param: { pool: "AVE", kernel_size: part, stride: part } };
  };
}

function unfit(size: number, expected: string): CaffeError {
  return new CaffeError(
    `the model's maps do not fit ${size}×${size} pixels. Expected a size of ${expected}.`,
  );
}
