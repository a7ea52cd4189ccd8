import type { Distortion } from "../../io/images/distortion.ts";
import type { Expansion } from "../../io/images/expansion.ts";
import type { Interpolation } from "../../io/images/interpolation.ts";
import type { Noise } from "../../io/images/noise.ts";
import type { Preparation } from "../../io/images/preparation.ts";
import type { RandomSize } from "../../io/images/random-size.ts";
import type { ResizePolicy } from "../../io/images/resize-policy.ts";
import type {
  LayerParameter,
  ResizeParameter,
  TransformationParameter,
} from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { LayerError } from "../../util/errors.ts";

/** The probabilities of several policies add up to 1 within this. */
const SUM_TOLERANCE = 0.01;

/**
 * What transform_param says of sizes, noise, distorted colours and expanded images; undefined where nothing.
 *
 * @throws LayerError where a field's value is none that it may have
 */
export function preparationOf(layer: LayerParameter): Preparation | undefined {
  const param = layer.transform_param ?? {};
  const { resize_param = [], noise_param, distort_param, expand_param } = param;
  const preparation = {
    policies: policiesOf(layer, resize_param),
    noise: noise_param && noiseOf(layer, noise_param),
    distortion: distort_param && distortionOf(layer, distort_param),
    expansion: expand_param && expansionOf(layer, expand_param),
    randomSize: randomSizeOf(layer),
  };
  const { policies, ...others } = preparation;
  const isEmpty = policies.length === 0 && Object.values(others).every((one) => !one);
  return isEmpty ? undefined : preparation;
}

/** Several are drawn from, each with its probability; of one that is not read, as SSD does not. */
function policiesOf(layer: LayerParameter, params: readonly ResizeParameter[]): ResizePolicy[] {
  const policies = params.map((param) => {
    const policy = policyOf(param);
    if (policy.height < 1 || policy.width < 1) {
      fail(
        layer,
        `resize_param has height ${policy.height} and width ${policy.width}. Expected both to be 1 or more.`,
      );
    }
    return policy;
  });
  const sum = policies.reduce((total, { probability }) => total + probability, 0);
  if (policies.length > 1) {
    for (const { probability } of policies)
      checkProbability(layer, "resize_param.prob", probability);
  }
  if (policies.length > 1 && !(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
    fail(
      layer,
      `the probabilities of ${policies.length} resize_param add up to ${sum}. Expected 1: each batch is resized by one of them.`,
    );
  }
  return policies;
}

function policyOf(message: ResizeParameter | undefined): ResizePolicy {
  const param = withDefaults("ResizeParameter", message);
  return {
    probability: param.prob,
    mode: param.resize_mode,
    height: param.height,
    width: param.width,
    heightScale: param.height_scale,
    widthScale: param.width_scale,
    padMode: param.pad_mode,
    padValues: [...param.pad_value],
    interpolations: param.interp_mode,
  };
}

function noiseOf(
  layer: LayerParameter,
  message: NonNullable<TransformationParameter["noise_param"]>,
): Noise {
  const param = withDefaults("NoiseParameter", message);
  const pepper = withDefaults("SaltPepperParameter", param.saltpepper_param);
  const values = [...pepper.value];
  if (param.saltpepper && pepper.fraction > 0 && values.length === 0) {
    fail(layer, "saltpepper_param has no value. Expected one, or one for each channel.");
  }
  return {
    decolorize: param.decolorize,
    gaussBlur: param.gauss_blur,
    histEq: param.hist_eq,
    clahe: param.clahe,
    jpeg: param.jpeg,
    erode: param.erode,
    posterize: param.posterize,
    inverse: param.inverse,
    saltPepper: param.saltpepper ? pepper.fraction : 0,
    saltPepperValues: values,
    toHsv: param.convert_to_hsv,
    toLab: param.convert_to_lab,
    toYCrCb: param.convert_to_ycrcb,
  };
}

/**
 * The fields of a distort_param.
 * @throws LayerError where they are no ranges
 */
export function distortionOf(
  layer: LayerParameter,
  message: NonNullable<TransformationParameter["distort_param"]>,
): Distortion {
  const param = withDefaults("DistortionParameter", message);
  for (const field of ["brightness_delta", "hue_delta"] as const) {
    if (!(param[field] >= 0)) {
      fail(layer, `distort_param.${field} is ${param[field]}. Expected 0 or more.`);
    }
  }
  for (const of of ["contrast", "saturation"] as const) {
    const [lower, upper] = [param[`${of}_lower`], param[`${of}_upper`]];
    if (!(lower >= 0 && lower <= upper)) {
      fail(
        layer,
        `distort_param.${of}_lower is ${lower} and ${of}_upper ${upper}. Expected 0 ≤ lower ≤ upper.`,
      );
    }
  }
  for (const of of ["brightness", "contrast", "hue", "saturation", "random_order"] as const) {
    checkProbability(layer, `distort_param.${of}_prob`, param[`${of}_prob`]);
  }
  return {
    brightnessProb: param.brightness_prob,
    brightnessDelta: param.brightness_delta,
    contrastProb: param.contrast_prob,
    contrastLower: param.contrast_lower,
    contrastUpper: param.contrast_upper,
    hueProb: param.hue_prob,
    hueDelta: param.hue_delta,
    saturationProb: param.saturation_prob,
    saturationLower: param.saturation_lower,
    saturationUpper: param.saturation_upper,
    randomOrderProb: param.random_order_prob,
  };
}

function expansionOf(
  layer: LayerParameter,
  message: NonNullable<TransformationParameter["expand_param"]>,
): Expansion {
  const { prob, max_expand_ratio } = withDefaults("ExpansionParameter", message);
  checkProbability(layer, "expand_param.prob", prob);
  if (!(max_expand_ratio >= 1 && max_expand_ratio <= MOST_EXPANDED)) {
    fail(
      layer,
      `expand_param.max_expand_ratio is ${max_expand_ratio}. Expected 1 to ${MOST_EXPANDED}.`,
    );
  }
  return { probability: prob, maxRatio: max_expand_ratio };
}

function checkProbability(layer: LayerParameter, field: string, value: number): void {
  if (!(value >= 0 && value <= 1)) fail(layer, `${field} is ${value}. Expected 0 to 1.`);
}

/** An image so many times as high and wide takes memory that no machine has. */
const MOST_EXPANDED = 64;

/** NVIDIA's fields, or one of Intel's messages. */
function randomSizeOf(layer: LayerParameter): RandomSize | undefined {
  const { random_resize_param, random_aspect_ratio_param } = layer.transform_param ?? {};
  const scale = randomScaleOf(layer);
  const all = [scale, random_resize_param, random_aspect_ratio_param].filter((one) => one);
  if (all.length > 1) {
    fail(
      layer,
      "transform_param draws sizes in more than one way. Expected one of img_rand_resize_lower and its like, random_resize_param and random_aspect_ratio_param.",
    );
  }
  if (random_resize_param) return randomShorterOf(layer, random_resize_param);
  if (random_aspect_ratio_param) return randomPartOf(layer, random_aspect_ratio_param);
  return scale;
}

function randomScaleOf(layer: LayerParameter): RandomSize | undefined {
  const param = withDefaults("TransformationParameter", layer.transform_param);
  const size: RandomSize = {
    kind: "scale",
    lower: param.img_rand_resize_lower,
    upper: param.img_rand_resize_upper,
    ratioLower: param.rand_resize_ratio_lower,
    ratioUpper: param.rand_resize_ratio_upper,
    verticalLower: param.vertical_stretch_lower,
    verticalUpper: param.vertical_stretch_upper,
    horizontalLower: param.horizontal_stretch_lower,
    horizontalUpper: param.horizontal_stretch_upper,
    least: param.crop_size,
    allowsUpscale: param.allow_upscale,
    down: interpolationOf(layer, "interpolation_algo_down", "NEAREST"),
    up: interpolationOf(layer, "interpolation_algo_up", "CUBIC"),
  };
  const isDrawn =
    (size.lower > 0 && size.upper > 0) ||
    (size.ratioLower >= 1 && size.ratioUpper > 1) ||
    [size.verticalLower, size.verticalUpper, size.horizontalLower, size.horizontalUpper].some(
      (stretch) => stretch !== 1,
    );
  if (!isDrawn) return undefined;
  const ranges = [
    ["img_rand_resize", size.lower, size.upper],
    ["rand_resize_ratio", size.ratioLower, size.ratioUpper],
    ["vertical_stretch", size.verticalLower, size.verticalUpper],
    ["horizontal_stretch", size.horizontalLower, size.horizontalUpper],
  ] as const;
  for (const [name, lower, upper] of ranges) checkRange(layer, name, lower, upper);
  return size;
}

function checkRange(layer: LayerParameter, name: string, lower: number, upper: number): void {
  if (lower >= 0 && lower <= upper) return;
  fail(layer, `${name}_lower is ${lower} and ${name}_upper ${upper}. Expected 0 ≤ lower ≤ upper.`);
}

/** NVIDIA writes INTER_LINEAR and its like. */
function interpolationOf(
  layer: LayerParameter,
  field: "interpolation_algo_down" | "interpolation_algo_up",
  without: Interpolation,
): Interpolation {
  const name = layer.transform_param?.[field];
  if (name === undefined) return without;
  const known = ["NEAREST", "LINEAR", "CUBIC", "AREA"] as const;
  const found = known.find((one) => name === `INTER_${one}`);
  return (
    found ??
    fail(
      layer,
      `${field} is ${name}. Expected one of ${known.map((one) => `INTER_${one}`).join(", ")}.`,
    )
  );
}

function randomShorterOf(
  layer: LayerParameter,
  message: NonNullable<TransformationParameter["random_resize_param"]>,
): RandomSize {
  const { min_size, max_size, resize_param } = withDefaults("RandomResizeParameter", message);
  if (max_size > 0 && min_size > max_size) {
    fail(
      layer,
      `random_resize_param.min_size is ${min_size} and max_size ${max_size}. Expected min_size ≤ max_size.`,
    );
  }
  return { kind: "shorter", minSize: min_size, maxSize: max_size, policy: policyOf(resize_param) };
}

function randomPartOf(
  layer: LayerParameter,
  message: NonNullable<TransformationParameter["random_aspect_ratio_param"]>,
): RandomSize {
  const param = withDefaults("RandomAspectRatioParameter", message);
  const { min_area_ratio, max_area_ratio, aspect_ratio_change, max_attempt, resize_param } = param;
  const side = layer.transform_param?.crop_size ?? 0;
  if (side < 1) fail(layer, "random_aspect_ratio_param needs crop_size. Expected 1 or more.");
  if (!(min_area_ratio >= 0 && min_area_ratio <= max_area_ratio)) {
    fail(
      layer,
      `random_aspect_ratio_param.min_area_ratio is ${min_area_ratio} and max_area_ratio ${max_area_ratio}. Expected 0 ≤ min_area_ratio ≤ max_area_ratio.`,
    );
  }
  if (!(aspect_ratio_change > 0 && aspect_ratio_change <= 1)) {
    fail(
      layer,
      `random_aspect_ratio_param.aspect_ratio_change is ${aspect_ratio_change}. Expected above 0, and 1 at most.`,
    );
  }
  return {
    kind: "part",
    minArea: min_area_ratio,
    maxArea: max_area_ratio,
    aspectChange: aspect_ratio_change,
    attempts: max_attempt,
    side,
    policy: policyOf(resize_param),
  };
}

function fail(layer: LayerParameter, problem: string): never {
  throw new LayerError(layer, `transform_param: ${problem}`);
}
