import { L, type Top } from "../../src/index.ts";
import { named, type Writer } from "./model.ts";

/** How pictures come to a net that finds things in them. */
export interface Pictures {
  readonly side: number;
  readonly batch: number;
  readonly testBatch: number;
  readonly mean?: readonly number[];
  readonly scale?: number;
  /** Labels of training as YOLO's losses read them: 300 rows of class, centre and size for each image. */
  readonly isYolo?: boolean;
}

/** Regions of an image whose overlap with an object is at least this, each tried up to 50 times. */
const OVERLAPS = [0.1, 0.3, 0.5, 0.7, 0.9] as const;

/** What SSD draws its training regions from: the whole image, regions by overlap, and any region. */
function samplers(): object[] {
  const sampler = { min_scale: 0.3, max_scale: 1, min_aspect_ratio: 0.5, max_aspect_ratio: 2 };
  const region = (sample_constraint: object): object => ({
    sampler,
    sample_constraint,
    max_sample: 1,
    max_trials: 50,
  });
  return [
    { max_sample: 1, max_trials: 1 },
    ...OVERLAPS.map((min_jaccard_overlap) => region({ min_jaccard_overlap })),
    region({ max_jaccard_overlap: 1 }),
  ];
}

/** Annotated images of PASCAL VOC: distorted, enlarged and cut to train on, as they are to test on. */
export function annotated(net: Writer, pictures: Pictures): readonly [data: Top, label: Top] {
  const { side, batch, testBatch, mean, scale, isYolo } = pictures;
  const resized = { prob: 1, resize_mode: "WARP", height: side, width: side } as const;
  const common = { ...(mean && { mean_value: mean }), ...(scale !== undefined && { scale }) };
  const source = (phase: "TRAIN" | "TEST"): readonly [Top, Top] =>
    L.AnnotatedData({
      name: "data",
      top: ["data", "label"],
      ntop: 2,
      include: { phase },
      transform_param:
        phase === "TRAIN"
          ? {
              ...common,
              mirror: true,
              forks: {
                resize_param: {
                  ...resized,
                  interp_mode: ["LINEAR", "AREA", "NEAREST", "CUBIC", "LANCZOS4"],
                },
                emit_constraint: { emit_type: "CENTER" },
                distort_param: {
                  brightness_prob: 0.5,
                  brightness_delta: 32,
                  contrast_prob: 0.5,
                  contrast_lower: 0.5,
                  contrast_upper: 1.5,
                  hue_prob: 0.5,
                  hue_delta: 18,
                  saturation_prob: 0.5,
                  saturation_lower: 0.5,
                  saturation_upper: 1.5,
                  random_order_prob: 0,
                },
                expand_param: { prob: 0.5, max_expand_ratio: 4 },
              },
            }
          : { ...common, forks: { resize_param: { ...resized, interp_mode: ["LINEAR"] } } },
      data_param: {
        source: `data/VOC0712/VOC0712_${phase === "TRAIN" ? "trainval" : "test"}_lmdb`,
        batch_size: phase === "TRAIN" ? batch : testBatch,
        backend: "LMDB",
      },
      annotated_data_param: {
        ...(phase === "TRAIN" && { batch_sampler: samplers() }),
        ...(phase === "TRAIN" && isYolo && { yolo_data_type: 1 }),
        label_map_file: "data/VOC0712/labelmap_voc.prototxt",
      },
    });
  const train = source("TRAIN");
  net.add(train[0]);
  net.add(source("TEST")[0]);
  return train;
}

/** In TEST, which detections are right: rows that the solver makes the mean average precision of. */
export function evaluated(net: Writer, detections: Top, label: Top, classes: number): void {
  net.add(
    L.DetectionEvaluate(detections, label, {
      ...named("detection_eval"),
      include: { phase: "TEST" },
      num_classes: classes,
      background_label_id: 0,
      overlap_threshold: 0.5,
      evaluate_difficult_gt: false,
    }),
  );
}
