import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import { netParameterOf } from "../../io/text/read-net.ts";
import { type LayerClass, LayerRegistry } from "../../layers/registry.ts";
import { NetError } from "../../util/errors.ts";
import { entryOf } from "../../util/records.ts";
import type { Shape } from "../../util/shape.ts";

/** Shapes of blobs by their names. */
export type ShapesByName = Readonly<Record<string, readonly number[]>>;

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
  const param = withInputs(net, shapes);
  return { ...param, layer: (param.layer ?? []).map(withoutFillers) };
}

/** The net with an Input in the place of every layer that reads data; as `withPlaceholders`, but weights are filled. */
export function withInputs(net: string | NetParameter, shapes: ShapesByName = {}): NetParameter {
  const param = netParameterOf(net);
  const registry = new LayerRegistry();
  return {
    ...param,
    layer: (param.layer ?? []).map((layer) => {
      const Class = registry.get(layer.type ?? "");
      const isGiven =
        Class?.role === "input" && (layer.top ?? []).some((top) => entryOf(shapes, top));
      return Class?.role === "source" || isGiven ? placeholder(layer, Class, shapes) : layer;
    }),
  };
}

function placeholder(
  layer: LayerParameter,
  Class: LayerClass,
  shapes: ShapesByName,
): LayerParameter {
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
          shapeOf(layer, Class, i, entryOf(shapes, top[0] ?? "")?.[0]);
        if (dim) return { dim };
        throw new NetError(
          `layer "${name ?? ""}" (${layer.type}): the shape of its top "${blob}" depends on data. Give it, e.g. ${blob}=64,3,224,224.`,
        );
      }),
    },
  };
}

/**
 * The shape that a layer's parameters tell, for a batch of that size; what comes beside an input is its labels. Objects,
 * which are not as many as images, stay as many as they are.
 */
function shapeOf(
  layer: LayerParameter,
  Class: LayerClass,
  topIndex: number,
  batch: number | undefined,
): Shape | undefined {
  const isLabel = Class.role === "input" && topIndex > 0;
  const told = isLabel ? [1] : Class.topShape(layer, topIndex);
  const first = Class.topShape(layer, 0);
  // Where the images' shape is not told, what has one number for each of a batch is of theirs.
  const isOfBatch = isLabel || (first ? told?.[0] === first[0] : told?.length === 1);
  return told && isOfBatch ? [batch ?? told[0] ?? 1, ...told.slice(1)] : told;
}

/** Random weights take time, and their values tell nothing of a net's form; that there is a filler may. */
function withoutFillers(layer: LayerParameter): LayerParameter {
  const plain: Record<string, unknown> = { ...layer };
  for (const [key, value] of Object.entries(layer)) {
    if (!key.endsWith("_param") || typeof value !== "object" || Array.isArray(value)) continue;
    plain[key] = Object.fromEntries(
      Object.entries(value).map(([field, filler]) => {
        if (!/^(weight_|bias_|data_)?filler$/.test(field)) return [field, filler];
        return [field, Array.isArray(filler) ? filler.map(() => ({})) : {}];
      }),
    );
  }
  return plain as LayerParameter;
}
