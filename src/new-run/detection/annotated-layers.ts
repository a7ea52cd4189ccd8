import type {
  BatchSampler,
  DistortionParameter,
  ExpansionParameter,
  LayerParameter,
  NetParameter,
} from "../../io/proto/caffe.ts";
import type { DataPart } from "../data-layers.ts";
import { isAnnotatedData } from "../layer-kinds.ts";

/** How a detector gets its pictures. */
interface DataWishes {
  readonly train: DataPart;
  readonly val: DataPart;
  readonly labelMap: string;
  /** Half of the pictures are turned round, left to right, in training. */
  readonly mirror: boolean;
}

/**
 * Whole pictures, and regions of more than half of one. SSD's own samplers cut and shrink further, which serves trainings of a
 * hundred thousand iterations; short ones learn nothing then.
 */
const SAMPLERS: readonly BatchSampler[] = [
  { max_sample: 1, max_trials: 1 },
  {
    sampler: { min_scale: 0.6, max_scale: 1, min_aspect_ratio: 0.8, max_aspect_ratio: 1.25 },
    sample_constraint: { min_jaccard_overlap: 0.3 },
    max_sample: 1,
    max_trials: 50,
  },
];
/** Colours change a little. */
const DISTORTION: DistortionParameter = {
  ...{ brightness_prob: 0.5, brightness_delta: 20 },
  ...{ contrast_prob: 0.5, contrast_lower: 0.8, contrast_upper: 1.2 },
};
/** Some pictures are put into a larger frame. */
const EXPANSION: ExpansionParameter = { prob: 0.3, max_expand_ratio: 1.5 };

/** The net with its own data layers reading these databases; pictures are prepared as the model has it. */
export function withAnnotatedData(net: NetParameter, wishes: DataWishes): NetParameter {
  const layer = (net.layer ?? []).map((one): LayerParameter => {
    if (!isAnnotatedData(one)) return one;
    const isTraining = one.include?.[0]?.phase === "TRAIN";
    const { source, batch } = isTraining ? wishes.train : wishes.val;
    const { yolo_data_type } = one.annotated_data_param ?? {};
    const { mirror: _, ...transform_param } = one.transform_param ?? {};
    return {
      ...one,
      transform_param: {
        ...transform_param,
        ...(isTraining && wishes.mirror && { mirror: true }),
        ...(isTraining && { distort_param: DISTORTION, expand_param: EXPANSION }),
      },
      data_param: { source, batch_size: batch, backend: "LMDB" },
      annotated_data_param: {
        ...(isTraining && { batch_sampler: SAMPLERS }),
        ...(yolo_data_type !== undefined && { yolo_data_type }),
        label_map_file: wishes.labelMap,
      },
    };
  });
  return { ...net, layer };
}
