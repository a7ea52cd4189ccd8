import type { BatchSampler, PartSampler } from "../../io/loaders/batch-sampler.ts";
import type { EmitConstraint } from "../../io/loaders/moved-boxes.ts";
import type { LayerParameter, Messages } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { LayerError } from "../../util/errors.ts";

/**
 * transform_param's emit_constraint.
 * @throws LayerError where emit_overlap is no number
 */
export function emitConstraintOf(layer: LayerParameter): EmitConstraint | undefined {
  const message = layer.transform_param?.emit_constraint;
  if (!message) return undefined;
  const { emit_type, emit_overlap = 0 } = withDefaults("EmitConstraint", message);
  if (Number.isNaN(emit_overlap)) {
    throw new LayerError(
      layer,
      "transform_param.emit_constraint.emit_overlap is NaN. Expected a number.",
    );
  }
  return emit_type === "CENTER" ? { kind: "center" } : { kind: "overlap", least: emit_overlap };
}

/**
 * How annotated_data_param says a part of an image is drawn: batch_sampler, or YOLO's jitter.
 * @throws LayerError where a number is none that it may be
 */
export function partSamplerOf(layer: LayerParameter): PartSampler | undefined {
  const param = withDefaults("AnnotatedDataParameter", layer.annotated_data_param);
  if (param.batch_sampler.length > 0) {
    const used = param.batch_sampler
      .map((message) => samplerOf(layer, message))
      .filter((sampler) => sampler !== undefined);
    return { kind: "samplers", samplers: used };
  }
  const jitter = param.yolo_data_jitter;
  if (param.yolo_data_type !== 1 || jitter === 0) return undefined;
  if (!(jitter > 0 && jitter < 1)) {
    throw new LayerError(
      layer,
      `annotated_data_param.yolo_data_jitter is ${jitter}. Expected 0 or more, and less than 1.`,
    );
  }
  return { kind: "jitter", jitter };
}

/** One that does not use the original image draws nothing, as in SSD. */
function samplerOf(
  layer: LayerParameter,
  message: Messages["BatchSampler"],
): BatchSampler | undefined {
  const { use_original_image, sampler, sample_constraint, max_sample, max_trials } = withDefaults(
    "BatchSampler",
    message,
  );
  if (!use_original_image) return undefined;
  const { min_scale, max_scale, min_aspect_ratio, max_aspect_ratio } = withDefaults(
    "Sampler",
    sampler,
  );
  if (!(min_scale > 0 && min_scale <= max_scale && max_scale <= 1)) {
    throw new LayerError(
      layer,
      `batch_sampler: min_scale is ${min_scale} and max_scale ${max_scale}. Expected 0 < min_scale ≤ max_scale ≤ 1.`,
    );
  }
  const isRange = min_aspect_ratio > 0 && min_aspect_ratio <= max_aspect_ratio;
  if (!(isRange && Number.isFinite(max_aspect_ratio))) {
    throw new LayerError(
      layer,
      `batch_sampler: min_aspect_ratio is ${min_aspect_ratio} and max_aspect_ratio ${max_aspect_ratio}. Expected 0 < min_aspect_ratio ≤ max_aspect_ratio.`,
    );
  }
  const limits = sample_constraint ?? {};
  return {
    minScale: min_scale,
    maxScale: max_scale,
    minAspect: min_aspect_ratio,
    maxAspect: max_aspect_ratio,
    jaccard: { least: limits.min_jaccard_overlap, most: limits.max_jaccard_overlap },
    sampleCoverage: { least: limits.min_sample_coverage, most: limits.max_sample_coverage },
    objectCoverage: { least: limits.min_object_coverage, most: limits.max_object_coverage },
    maxSample: max_sample,
    maxTrials: max_trials,
  };
}
