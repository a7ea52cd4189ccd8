import type { Transform } from "../../io/images/data-transformer.ts";
import type { ClipColumns } from "../../io/lists/clip-list.ts";
import { frameNames } from "../../io/lists/frame-names.ts";
import type { FrameChoice } from "../../io/loaders/clip-frames.ts";
import type { ClipPlan } from "../../io/loaders/clip-loader.ts";
import type { LayerParameter, VideoDataParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { LayerError } from "../../util/errors.ts";
import { type Shape, shapeText } from "../../util/shape.ts";

/** What a video_data_param with a source says of its clips. */
type Clips = Pick<
  ClipPlan,
  "choice" | "names" | "isColor" | "newHeight" | "newWidth" | "hasTime" | "labels"
> & { readonly columns: ClipColumns };

/** Fields that say that clips are those of temporal segment networks. */
const SEGMENTED = ["modality", "num_segments", "grayscale", "encoded"] as const;
/** Fields that only C3D's clips obey. */
const TIMED = [
  "sampling_rate",
  "use_temporal_jitter",
  "use_sampling_rate_jitter",
  "max_sampling_rate",
  "use_multiple_label",
  "num_of_labels",
] as const;

/** No folder has clips of more frames than that. */
const MOST_FRAMES = 2 ** 16;

/** Whether clips have an axis of time, as C3D's, or frames' channels follow each other. */
function isTimed(param: VideoDataParameter): boolean {
  if (param.use_image === true) return true;
  return ![...SEGMENTED, "name_pattern" as const].some((field) => param[field] !== undefined);
}

/**
 * The shape that clips of these parameters have, of an image's `shape`; `shape` itself where there are none.
 */
export function clipsShape(shape: Shape, param: VideoDataParameter): Shape {
  const { source, new_length: frames = 1, modality, num_segments = 1, grayscale } = param;
  const [batch = 1, , ...lengths] = shape;
  if (source === undefined) return shape;
  if (isTimed(param)) return [batch, 3, frames, ...lengths];
  const each = modality === "RGB" ? (grayscale ? 1 : 3) : 2;
  return [batch, each * frames * num_segments, ...lengths];
}

/**
 * Reads what a layer's video_data_param says of its clips.
 * @throws LayerError where it asks for films, mixes C3D's fields with those of temporal segment networks, or a value is none
 *   that a field may have
 */
export function clipsOf(layer: LayerParameter): Clips {
  const given = layer.video_data_param ?? {};
  const param = withDefaults("VideoDataParameter", given);
  const { new_length, new_height, new_width, num_segments, max_sampling_rate } = param;
  const fail = (message: string): never => {
    throw new LayerError(layer, `video_data_param${message}`);
  };
  const hasTime = isTimed(given);
  if (hasTime && !param.use_image) {
    fail(
      " has a source and no use_image: C3D's films, which are not decoded here. Write their frames into folders (ffmpeg -i film.avi folder/%06d.jpg), list these, and give use_image: true; or, for clips of temporal segment networks, modality: RGB or FLOW.",
    );
  }
  const strange = (hasTime ? SEGMENTED : TIMED).filter((field) => given[field] !== undefined);
  if (strange.length > 0) {
    const [own, others] = hasTime
      ? ["C3D's clips, which use_image: true asks for", "temporal segment networks'"]
      : ["clips of temporal segment networks", "C3D's, which use_image: true asks for"];
    fail(`.${strange[0]} has no meaning for ${own}; it is of ${others}. Expected one kind.`);
  }
  for (const field of ["new_length", "num_segments", "sampling_rate", "num_of_labels"] as const) {
    if (param[field] < 1) fail(`.${field} is ${param[field]}. Expected 1 or more.`);
  }
  if (new_length * num_segments > MOST_FRAMES) {
    fail(
      ` asks for clips of ${new_length * num_segments} frames, by new_length ${new_length} and num_segments ${num_segments}. Expected ${MOST_FRAMES} at most.`,
    );
  }
  if (max_sampling_rate < 1)
    fail(`.max_sampling_rate is ${max_sampling_rate}. Expected 1 or more.`);
  if (new_height > 0 !== new_width > 0) {
    fail(
      ` has new_height ${new_height} and new_width ${new_width}. Expected both to be set, or neither.`,
    );
  }
  const isFlow = !hasTime && param.modality === "FLOW";
  const usual = hasTime ? "%06d.jpg" : isFlow ? "flow_%c_%04d.jpg" : "image_%04d.jpg";
  const pattern = param.name_pattern ?? usual;
  if (!frameNames(pattern) || pattern.includes("%c") !== isFlow) {
    fail(`.name_pattern is "${pattern}". Expected one as ${usual}.`);
  }
  const choice: FrameChoice = hasTime
    ? {
        kind: "run",
        length: new_length,
        rate: param.sampling_rate,
        mostRate: param.use_sampling_rate_jitter ? max_sampling_rate : undefined,
        isDrawn: param.use_temporal_jitter,
      }
    : { kind: "segments", length: new_length, segments: num_segments };
  const labels = param.use_multiple_label ? param.num_of_labels : undefined;
  const hasFirst = choice.kind === "run" && !choice.isDrawn;
  return {
    choice,
    names: isFlow ? ["x", "y"].map((way) => pattern.replace("%c", way)) : [pattern],
    isColor: !isFlow && !param.grayscale,
    newHeight: new_height,
    newWidth: new_width,
    hasTime,
    labels,
    columns: { number: hasFirst ? "first" : "frames", labels },
  };
}

/**
 * A layer's transform with means of every channel of every frame: a mean of each channel serves all frames.
 *
 * @param channels of a frame
 * @param frames of a clip
 * @throws LayerError where it asks for what clips cannot have, or means are of another shape
 */
export function clipTransform(
  layer: LayerParameter,
  transform: Transform,
  { hasTime }: Pick<Clips, "hasTime">,
  channels: number,
  frames: number,
): Transform {
  const fail = (message: string): never => {
    throw new LayerError(layer, message);
  };
  const { preparation, augmentation, mean, meanValues, isFlow } = transform;
  if (preparation) {
    fail(
      "transform_param has resize_param, distort_param, expand_param, noise_param or another of their kind, which are for single images. Expected new_height, new_width, crop_size, mirror and means.",
    );
  }
  if (augmentation && (augmentation.saturation > 0 || augmentation.hue > 0)) {
    fail(
      "transform_param has saturation or hue, which are for single images. Expected brightness and contrast.",
    );
  }
  if (hasTime && isFlow) {
    fail("transform_param.is_flow is for a flow's clips. Expected modality: FLOW.");
  }
  const all = channels * frames;
  const count = meanValues.length;
  if (count > 1 && (hasTime ? channels !== count : all % count > 0)) {
    fail(
      `transform_param.mean_value is given ${count} times. Specify either 1 mean_value or as many as channels: ${channels} of each frame.`,
    );
  }
  const meanOf = (channel: number): number =>
    meanValues[hasTime ? Math.floor(channel / frames) : channel % count] ?? 0;
  return {
    ...transform,
    mean: mean && { data: mean.data, shape: planesOfMean(mean.shape) },
    meanValues: count > 1 ? Array.from({ length: all }, (_, c) => meanOf(c)) : meanValues,
  };

  /** A mean of C×L×H×W, or of channels that follow each other, as so many planes. */
  function planesOfMean(shape: Shape): Shape {
    const inner = shape.length > (hasTime ? 4 : 3) && shape[0] === 1 ? shape.slice(1) : shape;
    const wanted = hasTime ? [channels, frames] : [all];
    if (inner.length === wanted.length + 2 && wanted.every((length, i) => inner[i] === length)) {
      return [all, ...inner.slice(-2)];
    }
    return fail(
      `the mean image of transform_param.mean_file is of shape ${shapeText(shape)}. Expected ${wanted.join("×")}×H×W, as clips have.`,
    );
  }
}
