import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { keepSource } from "../io/proto/source.ts";
import { netParameterOf } from "../io/text/read-net.ts";
import { LayerRegistry } from "../layers/registry.ts";
import { filterByState, mergeStates } from "../net/build/state.ts";
import type { NetOptions } from "../net/options.ts";
import { CaffeError } from "../util/errors.ts";
import { silent } from "../util/log.ts";
import type { Shape } from "../util/shape.ts";
import { withDeployStage } from "./deploy-stage.ts";
import { type PictureOptions, preparationIn } from "./picture-input.ts";

/** A net that takes pictures as inputs, and what its file says about their preparation. */
interface DeployNet {
  readonly param: NetParameter;
  readonly preparation: PictureOptions;
}

/**
 * The net of a file as pictures want it. A deploy file is that already, and so is one with a stage
 * "deploy". In one that tests (a data layer, DetectionEvaluate)
 * an Input takes the place of the images, and what needs their labels goes. Nothing is written: save_output_param goes too.
 *
 * @throws CaffeError where it has a data layer that does not tell its images' size, and what reading the net throws
 */
export function deployNetOf(
  model: string | NetParameter,
  options: NetOptions & PictureOptions,
): DeployNet {
  const { level, stages, log = silent, registry = new LayerRegistry() } = options;
  const whole = withDeployStage(netParameterOf(model, log), registry);
  const state = mergeStates(whole.state, {
    phase: "TEST",
    ...(level !== undefined && { level }),
    ...(stages !== undefined && { stage: [...stages] }),
  });
  const { layer = [], ...rest } = filterByState(whole, state, silent);
  const preparation = preparationIn(layer, registry);
  const hasInput = layer.some(({ type = "" }) => registry.roleOf(type) === "input");
  const layers = hasInput ? layer : withInput(layer, registry, options);
  const param = { ...rest, layer: layers.map(withoutFiles) };
  return { param: keepSource(whole, param), preparation };
}

/** The layers with an Input in place of the first source, without the others and all that reads what these give. */
function withInput(
  layers: readonly LayerParameter[],
  registry: LayerRegistry,
  options: PictureOptions,
): LayerParameter[] {
  const gone = new Set<string>();
  let hasImages = false;
  return layers.flatMap((layer): LayerParameter[] => {
    const { type = "", name = "", top = [], bottom = [] } = layer;
    const [images] = top;
    if (registry.roleOf(type) === "source" && images !== undefined) {
      for (const one of hasImages ? top : top.slice(1)) gone.add(one);
      if (hasImages) return [];
      hasImages = true;
      const dim = shapeOf(layer, registry, options);
      return [{ name, type: "Input", top: [images], input_param: { shape: [{ dim }] } }];
    }
    if (!bottom.some((one) => gone.has(one))) return [layer];
    // What works in place leaves what it was given.
    for (const one of top) if (!bottom.includes(one)) gone.add(one);
    return [];
  });
}

/** The shape of a picture that a data layer would give. */
function shapeOf(
  layer: LayerParameter,
  registry: LayerRegistry,
  { inputSize }: PictureOptions,
): Shape {
  const { type = "", name = "", transform_param = {} } = layer;
  const { resize_param: [resize] = [], force_gray = false } = transform_param;
  const { crop_h, crop_w, crop_size } = transform_param;
  const told = registry.get(type)?.topShape(layer, 0);
  const channels = told?.[1] ?? (force_gray ? 1 : 3);
  const height = inputSize?.[0] ?? crop_h ?? (crop_size || (resize?.height ?? told?.[2]));
  const width = inputSize?.[1] ?? crop_w ?? (crop_size || (resize?.width ?? told?.[3]));
  if (height && width) return [1, channels, height, width];
  throw new CaffeError(
    `layer "${name}" (${type}) reads pictures, and nothing says which size they have for the net. Expected a deploy file, resize_param or crop_size, or inputSize (--input_size=HEIGHT,WIDTH).`,
  );
}

/** A layer that writes no files. */
function withoutFiles(layer: LayerParameter): LayerParameter {
  if (layer.detection_output_param?.save_output_param === undefined) return layer;
  const { save_output_param: _, ...detection_output_param } = layer.detection_output_param;
  return { ...layer, detection_output_param };
}
