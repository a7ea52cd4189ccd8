import type { LayerParameter } from "../io/proto/caffe.ts";
import { isAnnotatedData, isInput, sizedInput } from "./layer-kinds.ts";

/** Height and width of the images that a detector is for. */
export function sideOf(layers: readonly LayerParameter[]): number {
  const data = layers.find(isAnnotatedData)?.transform_param?.resize_param?.[0]?.height;
  return data ?? layers.find(isInput)?.input_param?.shape?.[0]?.dim?.[2] ?? 0;
}

/** A layer that gives images, for those of another size; another as it is. */
export function sizedPictures(layer: LayerParameter, size: number): LayerParameter {
  if (isInput(layer)) return sizedInput(layer, size);
  if (!isAnnotatedData(layer)) return layer;
  const resize_param = (layer.transform_param?.resize_param ?? []).map((one) => ({
    ...one,
    height: size,
    width: size,
  }));
  return { ...layer, transform_param: { ...layer.transform_param, resize_param } };
}
