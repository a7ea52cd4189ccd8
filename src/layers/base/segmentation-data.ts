import { LABEL_RANGE, labelOf } from "../../io/lists/label.ts";
import { type LineList, readLineList } from "../../io/lists/line-list.ts";
import { peekSegmentation, type SegmentationPlan } from "../../io/loaders/segmentation-loader.ts";
import type { LayerParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Shape } from "../../util/shape.ts";
import type { Blobs } from "./layer.ts";
import { PrefetchingDataLayer } from "./prefetching-data.ts";

/** What layers of images with labelled pixels are told, each in a message of its own. */
interface Told {
  readonly source: string | undefined;
  readonly batchSize: number;
  readonly randSkip: number;
  readonly shuffle: boolean;
  readonly isColor: boolean;
  readonly newHeight: number;
  readonly newWidth: number;
  readonly imageFolder: string;
  readonly labelFolder: string;
  readonly labels: SegmentationPlan["labels"];
  readonly ignoreLabel: number;
  readonly labelResize: SegmentationPlan["labelResize"];
  readonly labelDivisor: number;
  readonly mirror: boolean;
  readonly crop: Crop;
}

interface Crop {
  readonly height: number;
  readonly width: number;
}

/** What of transform_param moves pixels at random, and labels would not follow. */
const UNFOLLOWED = ["min_scale", "max_scale", "max_rotation", "cutout_size"] as const;

/**
 * Images and the classes of their pixels, cropped, mirrored and scaled alike, read ahead in threads of their own.
 *
 * - top[0]: N×C×H×W, the transformed images, blue first; top[1]: N×1×H×W, the classes, as they are
 *
 * In TRAIN the place of a crop is random, in TEST it is the middle. Images that are smaller are padded right and below:
 * with the mean, so with 0 once it is subtracted, and with the label to ignore.
 */
export abstract class SegmentationDataLayer<Top extends Blobs> extends PrefetchingDataLayer<Top> {
  /** Reads the list, and says what batches are made of. */
  protected reads(told: Told, messageName: string, top: Top): void {
    const { source, batchSize, randSkip, newHeight, newWidth, labels, labelDivisor, crop } = told;
    if (batchSize < 1)
      this.fail(`${messageName}.batch_size is ${batchSize}. Positive batch size required.`);
    if (newHeight > 0 !== newWidth > 0) {
      this.fail(
        `${messageName} has new_height ${newHeight} and new_width ${newWidth}. Expected both to be set, or neither.`,
      );
    }
    if (!source) this.fail(`${messageName} has no source. Expected a text file that lists images.`);
    if (labelDivisor < 1 || (labelDivisor > 1 && crop.height > 0)) {
      this.fail(
        `${messageName}.label_divide_factor is ${labelDivisor}. Expected 1 or more, and 1 where there is a crop.`,
      );
    }
    const given = withDefaults("TransformationParameter", this.param.transform_param);
    const list = this.named(() => readPairs(this.locate(source), labels));
    this.context.log(`A total of ${list.starts.length} examples.`);
    const whole = { cropHeight: 0, cropWidth: 0, mirror: false };
    const transform = { ...this.named(() => this.transform()), ...whole };
    this.#check(told, transform.mean !== undefined);
    const plan: SegmentationPlan = {
      ...this.basePlan(batchSize),
      kind: "segmentation",
      list,
      base: this.context.root ?? ".",
      imageFolder: told.imageFolder,
      labelFolder: told.labelFolder,
      labels,
      ignoreLabel: told.ignoreLabel,
      isColor: told.isColor,
      newHeight,
      newWidth,
      labelResize: told.labelResize,
      labelDivisor,
      cropHeight: crop.height,
      cropWidth: crop.width,
      mirror: told.mirror,
      scaleFactors: [...given.scale_factors],
      shuffle: told.shuffle,
      skip: randSkip > 0 ? this.random("skip").below(randSkip) : 0,
      transform,
      hasSizes: top.length > 2,
    };
    const [image, label] = this.named(() => peekSegmentation(plan));
    top[0]?.reshape(image);
    top[1]?.reshape(label);
    top[2]?.reshape([batchSize, 1, 1, 2]);
    this.context.log(`output data size: ${image.join(",")}`);
    this.context.log(`output label size: ${label.join(",")}`);
    this.prefetches(plan, top, { source, isDecoded: true });
  }

  #check({ crop, mirror }: Told, hasMeanImage: boolean): void {
    const given = withDefaults("TransformationParameter", this.param.transform_param);
    for (const name of UNFOLLOWED) {
      if (this.param.transform_param?.[name] === undefined) continue;
      this.fail(
        `transform_param.${name} moves or blots out pixels, and their labels would not follow. Expected scale_factors, crop_size and mirror.`,
      );
    }
    if ([...given.scale_factors].some((factor) => !(factor > 0 && Number.isFinite(factor)))) {
      this.fail(
        `transform_param.scale_factors is ${given.scale_factors.join(", ")}. Expected each above 0.`,
      );
    }
    if (hasMeanImage && (crop.height > 0 || mirror || given.scale_factors.length > 0)) {
      this.fail(
        "transform_param has mean_file, and images are cropped, mirrored or scaled. Expected mean_value.",
      );
    }
    const { mean_value } = given;
    if (crop.height > 0 && mean_value.length > 1 && mean_value.length !== 3) {
      this.fail(`${mean_value.length} mean_values. Expected one, or three.`);
    }
  }

  /** What transform_param has for a crop: a square, or height and width; both 0 where there is none. */
  protected cropOf({ transform_param }: LayerParameter): Crop {
    const { crop_size = 0, crop_height, crop_width } = transform_param ?? {};
    const isHalf = (crop_height === undefined) !== (crop_width === undefined);
    if (isHalf || (crop_size > 0 && crop_height !== undefined)) {
      this.fail(
        `transform_param has ${[`crop_size ${crop_size}`, `crop_height ${crop_height ?? 0}`, `crop_width ${crop_width ?? 0}`].join(", ")}. Must either specify crop_size or both crop_height and crop_width.`,
      );
    }
    return { height: crop_height ?? crop_size, width: crop_width ?? crop_size };
  }
}

/** @throws FileError, FormatError where it cannot be read, or a line has other columns */
function readPairs(source: string, labels: SegmentationPlan["labels"]): LineList {
  if (labels === "none") return readLineList(source, "a path on each line", () => undefined);
  const what = labels === "image" ? "`image label-image`" : "`image label`";
  return readLineList(source, `${what} on each line`, (words) => {
    if (words.length !== 2) {
      return `${words.length} ${words.length === 1 ? "word" : "words"}. Expected ${what}, two words with a blank between: paths have none.`;
    }
    if (labels === "class" && labelOf(words[1] ?? "") === undefined) {
      return `label "${words[1]}" is not a whole number ${LABEL_RANGE}. Expected one, or label_type: PIXEL for label images.`;
    }
    return undefined;
  });
}

/** The shapes that parameters tell of the tops of such a layer. */
export function segmentationShape(
  topIndex: number,
  batch: number = 1,
  [height = 0, width = 0]: readonly (number | undefined)[],
  isColor: boolean = true,
  labelDivisor: number = 1,
): Shape | undefined {
  if (topIndex === 2) return [batch, 1, 1, 2];
  if (!height || !width) return undefined;
  if (topIndex === 0) return [batch, isColor ? 3 : 1, height, width];
  return [batch, 1, Math.floor(height / labelDivisor), Math.floor(width / labelDivisor)];
}
