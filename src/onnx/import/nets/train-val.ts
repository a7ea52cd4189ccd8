import type { LayerParameter, NetParameter, Phase } from "../../../io/proto/caffe.ts";
import type { ImportedLayer } from "../translate/translator.ts";
import type { NetEnd } from "./deploy.ts";

/** Where data are expected until somebody says where they are. */
const PLACES: Readonly<Record<Phase, string>> = { TRAIN: "data/train", TEST: "data/val" };
/** How many samples are read at once until somebody says. */
const BATCH = 32;
/** Pixels of this label count for nothing. */
const IGNORED = 255;
/** What an output beside the first counts. */
const SIDE_WEIGHT = 0.5;

/** What a net's scores are of. */
type Task = "images" | "pixels";

/** A blob of scores, and what they are of. */
interface Scores {
  readonly blob: string;
  readonly task: Task;
}

/**
 * The net for training: data layers in the place of its inputs, and a loss and an accuracy on its scores; undefined where no
 * output is one of scores, or nothing learns.
 *
 * Scores are an output of N×K, or N×K×H×W as large as the images, K two or more; of probabilities, what goes into their softmax.
 */
export function trainValNet(
  name: string,
  inputs: readonly NetEnd[],
  outputs: readonly NetEnd[],
  layers: readonly ImportedLayer[],
): NetParameter | undefined {
  const scores = scoresOf(inputs, outputs, layers);
  const [first] = scores;
  if (!first || layers.every(({ learned }) => learned.length === 0)) return undefined;
  const params = leadingTo(
    layers.map(({ param }) => param),
    scores.map(({ blob }) => blob),
  );
  return {
    name,
    layer: [
      dataLayer(inputs, first.task, "TRAIN"),
      dataLayer(inputs, first.task, "TEST"),
      ...params.map(withFiller),
      ...scores.flatMap((one, i) => judges(one, i)),
    ],
  };
}

function scoresOf(
  inputs: readonly NetEnd[],
  outputs: readonly NetEnd[],
  layers: readonly ImportedLayer[],
): Scores[] {
  const makers = new Map(
    layers.flatMap(({ param }) => (param.top ?? []).map((top) => [top, param])),
  );
  const image = inputs.find(({ shape }) => shape.length === 4)?.shape;
  const found = outputs.flatMap(({ blob, shape }): Scores[] => {
    const [, classes = 0, ...places] = shape;
    if (classes < 2) return [];
    const own = beforeSoftmax(makers, blob);
    if (places.every((length) => length === 1)) return [{ blob: own, task: "images" }];
    const isWhole = places.length === 2 && places.join() === image?.slice(2).join();
    return isWhole ? [{ blob: own, task: "pixels" }] : [];
  });
  // One label fits scores of one kind.
  return found.filter(({ task }) => task === found[0]?.task);
}

/** What probabilities, or their logarithms, are made of; other blobs as they are. */
function beforeSoftmax(makers: ReadonlyMap<string, LayerParameter>, blob: string): string {
  const maker = makers.get(blob);
  const [bottom] = maker?.bottom ?? [];
  if (bottom === undefined) return blob;
  if (maker?.type === "Softmax") return bottom;
  if (maker?.type !== "Log") return blob;
  const inner = makers.get(bottom);
  return inner?.type === "Softmax" ? (inner.bottom?.[0] ?? blob) : blob;
}

/** The layers of which these blobs are made. */
function leadingTo(
  layers: readonly LayerParameter[],
  blobs: readonly string[],
): readonly LayerParameter[] {
  const needed = new Set(blobs);
  const kept = [...layers].reverse().filter(({ type, bottom = [], top = [] }) => {
    const isNeeded =
      top.some((name) => needed.has(name)) ||
      (type === "Silence" && bottom.some((name) => needed.has(name)));
    if (isNeeded) for (const name of bottom) needed.add(name);
    return isNeeded;
  });
  // A Silence stands behind what it silences: its slices are needed by other layers.
  const tops = new Set(kept.flatMap(({ top = [] }) => top));
  const silences = layers.filter(
    ({ type, bottom = [] }) => type === "Silence" && bottom.every((name) => tops.has(name)),
  );
  return layers.filter((layer) => kept.includes(layer) || silences.includes(layer));
}

/** One image with its label, or several arrays with theirs. */
function dataLayer(inputs: readonly NetEnd[], task: Task, phase: Phase): LayerParameter {
  const [first] = inputs;
  const top = [...inputs.map(({ blob }) => blob), "label"];
  const isImage =
    inputs.length === 1 && first?.shape.length === 4 && [1, 3].includes(first.shape[1] ?? 0);
  const common = { name: "data", top, include: [{ phase }] };
  const source = PLACES[phase];
  if (!isImage) {
    return {
      ...common,
      type: "HDF5Data",
      hdf5_data_param: { source: `${source}.txt`, batch_size: BATCH },
    };
  }
  const [, , height = 1, width = 1] = first.shape;
  const crop = height === width ? { crop_size: height } : {};
  if (task === "images") {
    return {
      ...common,
      type: "Data",
      transform_param: { ...(phase === "TRAIN" && { mirror: true }), ...crop },
      data_param: { source: `${source}_lmdb`, batch_size: BATCH, backend: "LMDB" },
    };
  }
  return {
    ...common,
    type: "ImageSegData",
    transform_param: { ...(phase === "TRAIN" && { mirror: true }), ...crop },
    image_data_param: { source: `${source}.txt`, batch_size: 4, label_type: "PIXEL" },
  };
}

/** A layer that begins anew, as one of other classes does, begins with random weights. */
function withFiller(layer: LayerParameter): LayerParameter {
  const weight_filler = { type: "msra" } as const;
  const { convolution_param, inner_product_param } = layer;
  if (layer.type === "Convolution" && convolution_param) {
    return { ...layer, convolution_param: { ...convolution_param, weight_filler } };
  }
  if (layer.type === "InnerProduct" && inner_product_param) {
    return { ...layer, inner_product_param: { ...inner_product_param, weight_filler } };
  }
  return layer;
}

/** The loss and the accuracy of scores. */
function judges({ blob, task }: Scores, index: number): LayerParameter[] {
  const suffix = index === 0 ? "" : `_${index + 1}`;
  const bottom = [blob, "label"];
  const ignored = task === "pixels" ? { ignore_label: IGNORED } : undefined;
  const [loss, accuracy] = [`loss${suffix}`, `accuracy${suffix}`];
  return [
    {
      name: loss,
      type: "SoftmaxWithLoss",
      bottom,
      top: [loss],
      ...(index > 0 && { loss_weight: [SIDE_WEIGHT] }),
      ...(ignored && { loss_param: ignored }),
    },
    {
      name: accuracy,
      type: "Accuracy",
      bottom,
      top: [accuracy],
      include: [{ phase: "TEST" }],
      ...(ignored && { accuracy_param: ignored }),
    },
  ];
}
