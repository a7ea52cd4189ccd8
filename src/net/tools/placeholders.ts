import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import { netParameterOf } from "../../io/text/read-net.ts";
import { NetError } from "../../util/errors.ts";
import { entryOf } from "../../util/records.ts";

/** Shapes of blobs by their names. */
export type ShapesByName = Readonly<Record<string, readonly number[]>>;

const SOURCES: ReadonlySet<string> = new Set([
  "Data",
  "ImageData",
  "WindowData",
  "MemoryData",
  "HDF5Data",
]);

/**
 * The net with an Input in the place of every layer that reads data, and without the work of filling weights: enough
 * to see shapes, sizes and costs where the data is not there.
 *
 * @param net its parameter, or its file
 * @param shapes of blobs, in place of those that the layers' own parameters tell (batch_size, crop_size, …)
 * @throws NetError where a shape is neither given nor told
 */
export function withPlaceholders(
  net: string | NetParameter,
  shapes: ShapesByName = {},
): NetParameter {
  const param = netParameterOf(net);
  return {
    ...param,
    layer: (param.layer ?? []).map((layer) => {
      const isSource = SOURCES.has(layer.type ?? "");
      const isGiven =
        layer.type === "Input" && (layer.top ?? []).some((top) => entryOf(shapes, top));
      return isSource || isGiven ? placeholder(layer, shapes) : withoutFillers(layer);
    }),
  };
}

function placeholder(layer: LayerParameter, shapes: ShapesByName): LayerParameter {
  const { name, top = [], include, exclude, phase } = layer;
  const told = layer.input_param?.shape ?? [];
  return {
    ...(name !== undefined && { name }),
    type: "Input",
    top,
    ...(include && { include }),
    ...(exclude && { exclude }),
    ...(phase && { phase }),
    input_param: {
      shape: top.map((blob, i) => {
        const dim =
          entryOf(shapes, blob) ??
          told[told.length > 1 ? i : 0]?.dim ??
          shapeOf(layer, i, entryOf(shapes, top[0] ?? "")?.[0]);
        if (dim) return { dim };
        throw new NetError(
          `layer "${name ?? ""}" (${layer.type}): the shape of its top "${blob}" depends on data. Give it, e.g. ${blob}=64,3,224,224.`,
        );
      }),
    },
  };
}

/** The shape that a layer's parameters tell, for a batch of that size; undefined where they do not. */
function shapeOf(
  layer: LayerParameter,
  topIndex: number,
  givenBatch: number | undefined,
): readonly number[] | undefined {
  const { data_param, image_data_param: image, memory_data_param: memory } = layer;
  const source = data_param ?? image ?? memory ?? layer.window_data_param ?? layer.hdf5_data_param;
  const batch = givenBatch ?? source?.batch_size ?? 1;
  if (topIndex > 0) return layer.type === "HDF5Data" ? undefined : [batch];
  if (memory) return [batch, memory.channels ?? 1, memory.height ?? 1, memory.width ?? 1];
  const { crop_size = 0, force_gray = false, mean_value = [] } = layer.transform_param ?? {};
  const height = crop_size || layer.window_data_param?.crop_size || image?.new_height;
  const width = crop_size || layer.window_data_param?.crop_size || image?.new_width;
  if (!height || !width) return undefined;
  const isGrey = force_gray || image?.is_color === false || mean_value.length === 1;
  return [batch, isGrey ? 1 : 3, height, width];
}

/** Random weights take time, and their values tell nothing of a net's form. */
function withoutFillers(layer: LayerParameter): LayerParameter {
  const plain: Record<string, unknown> = { ...layer };
  for (const [key, value] of Object.entries(layer)) {
    if (!key.endsWith("_param") || typeof value !== "object" || Array.isArray(value)) continue;
    plain[key] = Object.fromEntries(
      Object.entries(value).filter(([field]) => !/^(weight_|bias_|data_)?filler$/.test(field)),
    );
  }
  return plain as LayerParameter;
}
