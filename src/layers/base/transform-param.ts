import type { Augmentation } from "../../io/images/augmentation.ts";
import type { Transform } from "../../io/images/data-transformer.ts";
import type { DrawnCrop } from "../../io/images/drawn-crop.ts";
import type { LayerParameter, Phase, TransformationParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { readBlobFile } from "../../io/weights/blob-file.ts";
import { LayerError } from "../../util/errors.ts";
import type { Shape } from "../../util/shape.ts";
import { preparationOf } from "./preparation-param.ts";

/**
 * The fields of a layer's transform_param, its mean file read.
 *
 * @param locate makes a path of the prototxt one from here
 * @throws LayerError where they contradict each other, FileError, FormatError where the mean file cannot be read
 */
export function transformOf(
  layer: LayerParameter,
  phase: Phase,
  locate: (path: string) => string,
): Transform {
  const param = withDefaults("TransformationParameter", layer.transform_param);
  if (!Number.isFinite(param.scale)) {
    throw new LayerError(
      layer,
      `transform_param.scale is ${param.scale}. Expected a finite number.`,
    );
  }
  const augmentation = augmentationOf(layer);
  if (param.is_flow && augmentation) {
    throw new LayerError(
      layer,
      "transform_param has is_flow, and min_scale, max_rotation or another change of ours, which would tell of other motions. Expected one of them.",
    );
  }
  return {
    scale: param.scale,
    mirror: param.mirror,
    preparation: preparationOf(layer),
    ...cropOf(layer),
    drawnCrop: drawnCropOf(layer),
    isFlow: param.is_flow,
    mean: param.mean_file === undefined ? undefined : readBlobFile(locate(param.mean_file)),
    meanValues: [...param.mean_value],
    phase,
    augmentation,
  };
}

/** crop_size, or crop_h and crop_w. */
function cropOf(layer: LayerParameter): Pick<Transform, "cropHeight" | "cropWidth"> {
  const { crop_size = 0, crop_h = 0, crop_w = 0 } = layer.transform_param ?? {};
  if (crop_size === 0 && crop_h > 0 !== crop_w > 0) {
    throw new LayerError(
      layer,
      `transform_param has crop_h ${crop_h} and crop_w ${crop_w}. Expected both to be set, or neither.`,
    );
  }
  return { cropHeight: crop_size || crop_h, cropWidth: crop_size || crop_w };
}

/** fix_crop and multi_scale, which draw the part that crop_size leaves in TRAIN. */
function drawnCropOf(layer: LayerParameter): DrawnCrop | undefined {
  const param = withDefaults("TransformationParameter", layer.transform_param);
  const { fix_crop, more_fix_crop, multi_scale, max_distort, mean_file } = param;
  const ratios = param.scale_ratios.length > 0 ? [...param.scale_ratios] : SCALE_RATIOS;
  const fail = (message: string): never => {
    throw new LayerError(layer, message);
  };
  if (more_fix_crop && !fix_crop) {
    fail("transform_param.more_fix_crop has no effect without fix_crop. Expected fix_crop: true.");
  }
  const { scale_ratios, max_distort: distort } = layer.transform_param ?? {};
  if (!multi_scale && (scale_ratios?.length || distort !== undefined)) {
    fail(
      "transform_param.scale_ratios and max_distort have no effect without multi_scale. Expected multi_scale: true.",
    );
  }
  if (!fix_crop && !multi_scale) return undefined;
  if (cropOf(layer).cropHeight === 0) {
    fail("transform_param has fix_crop or multi_scale, and no crop_size. Expected one.");
  }
  if (multi_scale && mean_file !== undefined) {
    fail(
      "transform_param has multi_scale and mean_file: a part that is resized has no place in a mean image. Expected mean_value.",
    );
  }
  if (augmentationOf(layer)) {
    fail(
      "transform_param has fix_crop or multi_scale, and min_scale, max_rotation or another change of ours, which draws a part of its own. Expected one of them.",
    );
  }
  if (!ratios.every((ratio) => ratio > 0 && ratio <= 1) || max_distort < 0) {
    fail(
      `transform_param.scale_ratios is ${ratios.join(", ")} and max_distort ${max_distort}. Expected ratios above 0, 1 at most, and 0 or more.`,
    );
  }
  return {
    places: fix_crop ? (more_fix_crop ? "thirteen" : "five") : undefined,
    ratios: multi_scale ? ratios : undefined,
    mostDistortion: max_distort,
  };
}

/** Ratios where there is none. */
const SCALE_RATIOS: readonly number[] = [1, 0.875, 0.75, 0.66];

/**
 * The shape of a top of images, or, behind the first, of their labels, as far as parameters tell it: of a batch of 1 where
 * they do not say, undefined where they tell no size.
 *
 * @param isColor whether there are three channels or one; where nothing says so, one mean stands for one channel
 */
export function imagesShape(
  topIndex: number,
  batch: number = 1,
  transform: TransformationParameter = {},
  [rows = 0, columns = 0]: readonly (number | undefined)[] = [],
  isColor?: boolean,
): Shape | undefined {
  if (topIndex > 0) return [batch];
  const { crop_size = 0, force_color = false, force_gray = false, mean_value = [] } = transform;
  const { crop_h = crop_size, crop_w = crop_size, resize_param: [resize] = [] } = transform;
  const isWhole = resize?.resize_mode !== "FIT_SMALL_SIZE";
  const [resizedRows, resizedColumns] = isWhole ? [resize?.height, resize?.width] : [];
  const height = crop_size || crop_h || resizedRows || rows;
  const width = crop_size || crop_w || resizedColumns || columns;
  const hasColor = isColor ?? (force_color || mean_value.length !== 1);
  const isGrey = force_gray || !hasColor;
  return height && width ? [batch, isGrey ? 1 : 3, height, width] : undefined;
}

/** Undefined where nothing is to be changed at random. */
function augmentationOf(layer: LayerParameter): Augmentation | undefined {
  const param = withDefaults("TransformationParameter", layer.transform_param);
  const { min_scale, max_scale, cutout_size } = param;
  if (!(min_scale > 0 && min_scale <= max_scale)) {
    throw new LayerError(
      layer,
      `transform_param.min_scale is ${min_scale} and max_scale ${max_scale}. Expected 0 < min_scale ≤ max_scale.`,
    );
  }
  const extents = ["max_rotation", "brightness", "contrast", "saturation", "hue"] as const;
  for (const name of extents) {
    if (!(param[name] >= 0)) {
      throw new LayerError(layer, `transform_param.${name} is ${param[name]}. Expected 0 or more.`);
    }
  }
  const isScaled = min_scale !== 1 || max_scale !== 1;
  if (!isScaled && cutout_size === 0 && extents.every((name) => param[name] === 0)) {
    return undefined;
  }
  return {
    minScale: min_scale,
    maxScale: max_scale,
    maxRotation: param.max_rotation,
    brightness: param.brightness,
    contrast: param.contrast,
    saturation: param.saturation,
    hue: param.hue,
    cutoutSize: cutout_size,
  };
}
