import { readClipList } from "../../io/lists/clip-list.ts";
import { readFrameList } from "../../io/lists/frame-list.ts";
import { everyLast } from "../../io/lists/image-list.ts";
import { frameCount } from "../../io/loaders/clip-frames.ts";
import { type ClipPlan, frameChannels, peekClip } from "../../io/loaders/clip-loader.ts";
import { type ImagePlan, peekImage } from "../../io/loaders/image-loader.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { clipsOf, clipsShape, clipTransform } from "../base/clip-param.ts";
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
 * The frames of a video, one after the other, round and round; or clips of frames, from folders that a list names.
 *
 * SSD's frames have `video_data_param { video_file }`:
 *
 * - top[0]: N×C×H×W, the transformed frames, blue first; top[1], optional: N labels, 0 unless a list of frames has others
 * - `video_data_param`: video_type VIDEO; video_file, frames in files of their own: `frames/%06d.jpg` stands for those of
 *   all numbers without a gap, a .txt file names one on each line; skip_frames 0 (of every skip_frames + 1 frames the last
 *   is taken)
 * - `data_param`: batch_size; `transform_param`: as ImageData
 *
 * C3D's clips, for convolutions over time, have `source` and `use_image: true`:
 *
 * - top[0]: N×3×L×H×W, L = new_length; top[1], optional: N labels, or N×num_of_labels of ones and zeros
 * - `video_data_param`: source (`folder first-frame label` on each line), batch_size 1, root_folder, new_length 1, sampling_rate 1
 *   (frames first, first + rate …), new_height and new_width (both or neither), shuffle false (anew in every pass), rand_skip 0,
 *   name_pattern `%06d.jpg`; use_temporal_jitter (`folder frames label`: in TRAIN the first frame is drawn, in TEST it is 1),
 *   use_sampling_rate_jitter and max_sampling_rate (the rate is drawn), use_multiple_label and num_of_labels (`folder first-frame 3,17`)
 *
 * Clips of temporal segment networks have `source` and `modality`, `num_segments` or `name_pattern`:
 *
 * - top[0]: N×(S·L·c)×H×W, S = num_segments, c = 3 for RGB, 1 with grayscale, 2 for FLOW: across and down; top[1], optional: N labels
 * - `video_data_param`: source (`folder frames label` on each line), modality FLOW, num_segments 1, new_length 1, name_pattern
 *   `image_%04d.jpg` or `flow_%c_%04d.jpg` (x and y); each of S equal parts of a video gives L frames that follow each other, in
 *   TRAIN from a place that is drawn, in TEST from its middle; the others as C3D's
 *
 * `transform_param` is as ImageData's, without what is for single images; all frames of a clip are cut and mirrored alike. A
 * mean_file is of a clip's shape, a mean_value of each channel serves all frames.
 *
 * Cameras and films would need a decoder: they are refused. SSD's stops the program behind the last frame.
 *
 * @see SSD's, C3D's and yjxiong/caffe's VideoDataLayer; Tran et al., ICCV 2015; Wang et al., "Temporal Segment Networks", 2016
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
    { data_param, transform_param, video_data_param = {} },
    topIndex,
  ) => {
    const { batch_size, new_height, new_width, num_of_labels } = video_data_param;
    const batch = batch_size ?? data_param?.batch_size ?? 1;
    if (topIndex > 0 && video_data_param.use_multiple_label) return [batch, num_of_labels ?? 1];
    const size = [new_height, new_width];
    const shape = imagesShape(topIndex, batch, transform_param, size, true);
    return topIndex === 0 && shape ? clipsShape(shape, video_data_param) : shape;
  };

  override setUp(_bottom: None, top: OneOrMore): void {
    const { source, video_file = "" } = this.param.video_data_param ?? {};
    const hasLabels = top.length > 1;
    const plan = source === undefined ? this.#frames(hasLabels) : this.#clips(source, hasLabels);
    const isClips = plan.kind === "clips";
    const { batchSize } = plan;
    const [data, label] = top;
    data.reshape([batchSize, ...this.named(() => (isClips ? peekClip(plan) : peekImage(plan)))]);
    label?.reshape(isClips && plan.labels !== undefined ? [batchSize, plan.labels] : [batchSize]);
    this.context.log(`output data size: ${data.shape.join(",")}`);
    this.prefetches(plan, top, { source: source ?? video_file, isDecoded: true });
  }

  #frames(hasLabels: boolean): ImagePlan {
    const param = withDefaults("VideoDataParameter", this.param.video_data_param);
    const { video_type, video_file, skip_frames } = param;
    if (video_type === "WEBCAM") {
      this.fail(
        "video_data_param.video_type is WEBCAM. No camera is opened here; expected VIDEO, and frames in files; or a source, a list of clips.",
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
    return {
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
      hasLabels,
      transform: this.named(() => this.transform()),
    };
  }

  #clips(source: string, hasLabels: boolean): ClipPlan {
    const param = withDefaults("VideoDataParameter", this.param.video_data_param);
    const { batch_size, root_folder, shuffle, rand_skip } = param;
    const { columns, ...clips } = clipsOf(this.param);
    if (batch_size < 1) {
      this.fail(`video_data_param.batch_size is ${batch_size}. Positive batch size required.`);
    }
    const list = this.named(() => readClipList(this.locate(source), columns));
    this.context.log(`A total of ${list.starts.length} videos.`);
    const [channels, frames] = [frameChannels(clips), frameCount(clips.choice)];
    const transform = this.named(() => this.transform());
    return {
      ...this.basePlan(batch_size),
      ...clips,
      kind: "clips",
      list,
      base: this.context.root ?? ".",
      rootFolder: root_folder,
      shuffle,
      skip: rand_skip > 0 ? this.random("skip").below(rand_skip) : 0,
      hasLabels,
      transform: clipTransform(this.param, transform, clips, channels, frames),
    };
  }
}
