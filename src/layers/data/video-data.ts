import { readFrameList } from "../../io/lists/frame-list.ts";
import { everyLast } from "../../io/lists/image-list.ts";
import { type ImagePlan, peekImage } from "../../io/loaders/image-loader.ts";
import type { VideoDataParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Shape } from "../../util/shape.ts";
import {
  arity,
  type None,
  type OneOrMore,
  type ParamField,
  type TopShapeOf,
} from "../base/layer.ts";
import { PrefetchingDataLayer } from "../base/prefetching-data.ts";
import { imagesShape } from "../base/transform-param.ts";

/**
 * The frames of a video, one after the other, round and round.
 *
 * - top[0]: N×C×H×W, the transformed frames, blue first; top[1], optional: N labels, 0 unless a list of frames has others
 * - `video_data_param`: video_type VIDEO; video_file, frames in files of their own: `frames/%06d.jpg` stands for those of
 *   all numbers without a gap, a .txt file names one on each line; skip_frames 0 (of every skip_frames + 1 frames the last
 *   is taken)
 * - `data_param`: batch_size; `transform_param`: as ImageData
 *
 * Cameras and films would need a decoder: they are refused. SSD's stops the program behind the last frame.
 *
 * @see SSD's VideoDataLayer
 */
export class VideoDataLayer extends PrefetchingDataLayer<OneOrMore> {
  static override readonly type: string = "VideoData";
  static override readonly paramFields: readonly ParamField[] = [
    "video_data_param",
    "data_param",
    "transform_param",
  ];
  static override readonly tops = arity.oneOrTwo;
  static override readonly topShape: TopShapeOf = (
    { data_param, transform_param, video_data_param },
    topIndex,
  ) => {
    const { batch_size = data_param?.batch_size, new_height, new_width } = video_data_param ?? {};
    const size = [new_height, new_width];
    const shape = imagesShape(topIndex, batch_size, transform_param, size, true);
    return topIndex === 0 && shape ? clipsShape(shape, video_data_param ?? {}) : shape;
  };

  override setUp(_bottom: None, top: OneOrMore): void {
    const param = withDefaults("VideoDataParameter", this.param.video_data_param);
    const { video_type, video_file, skip_frames, source } = param;
    if (source !== undefined) {
      this.fail(
        "video_data_param has a source: clips of frames for 3-D convolutions, as C3D and temporal segment networks read them. Expected video_file: single frames, as SSD does.",
      );
    }
    if (video_type === "WEBCAM") {
      this.fail(
        "video_data_param.video_type is WEBCAM. No camera is opened here; expected VIDEO, and frames in files.",
      );
    }
    if (!video_file) this.fail("video_data_param has no video_file. Must provide video file!");
    const batchSize = this.param.data_param?.batch_size ?? 0;
    if (batchSize < 1) this.fail(`data_param.batch_size is ${batchSize}. Expected 1 or more.`);
    const all = this.named(() => readFrameList(video_file, this.locate(video_file)));
    const list = everyLast(all, skip_frames + 1);
    if (!list) {
      this.fail(
        `video_data_param.skip_frames is ${skip_frames}, and there are ${all.starts.length} frames. Expected less.`,
      );
    }
    this.context.log(`A total of ${list.starts.length} frames.`);
    const plan: ImagePlan = {
      ...this.basePlan(batchSize),
      kind: "images",
      list,
      base: this.context.root ?? ".",
      rootFolder: "",
      isColor: true,
      newHeight: 0,
      newWidth: 0,
      shuffle: false,
      skip: 0,
      hasLabels: top.length > 1,
      transform: this.named(() => this.transform()),
    };
    const [data, label] = top;
    data.reshape([batchSize, ...this.named(() => peekImage(plan))]);
    label?.reshape([batchSize]);
    this.context.log(`output data size: ${data.shape.join(",")}`);
    this.prefetches(plan, top, { source: video_file, isDecoded: true });
  }
}

/** The shape of clips that other forks' layers of this name read: C3D's have an axis of time, temporal segment networks' more channels. */
function clipsShape(shape: Shape, param: VideoDataParameter): Shape {
  const { source, new_length: frames = 1, modality, num_segments } = param;
  const [batch = 1, channels = 3, ...lengths] = shape;
  if (source === undefined) return shape;
  if (modality === undefined && num_segments === undefined) {
    return [batch, channels, frames, ...lengths];
  }
  const each = modality === "FLOW" ? 2 : 3;
  return [batch, each * frames * (num_segments ?? 1), ...lengths];
}
