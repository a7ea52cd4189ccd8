import { PrototxtError } from "../../util/errors.ts";
import { entryOf } from "../../util/records.ts";
import { paramFields } from "../proto/layer-types.ts";
import type { FieldUse } from "./text-reader.ts";

/** What becomes of a field that only a fork of Caffe has. */
type Fate =
  /** It cannot change a result: kept in the file's text only, with one warning. */
  | {
      readonly kind: "ignore";
      readonly why: string;
      /** The layer types that obey it. */
      readonly except?: readonly string[];
    }
  /** It is obeyed: read as it is, or carried over to a field of ours by `honourForeignFields`. */
  | { readonly kind: "honour" }
  /** It would change the result, and there is nothing here that does what it asks. */
  | {
      readonly kind: "refuse";
      readonly why: string;
      readonly unless?: readonly string[];
      /** The layer types that obey it. */
      readonly except?: readonly string[];
    };

const engineChoice: Fate = { kind: "ignore", why: "the best engine is chosen here" };
const precision: Fate = {
  kind: "ignore",
  why: "gradients are kept as what their layer's data is, and sums are 32-bit floats",
};
const reading: Fate = {
  kind: "ignore",
  why: "reading is always sequential, cached and in threads",
};
const detection: Fate = { kind: "ignore", why: "it only changes what a test reports" };
const preFixed: Fate = {
  kind: "refuse",
  why: "PRE_FIXED is not known; give normalization: NONE and a loss_weight",
  except: ["SoftmaxWithLossOHEM", "SmoothL1LossOHEM"],
};
const shown: Fate = { kind: "ignore", why: "no frames are shown here" };
/** Layers that prepare images as forks do. */
const preparing = ["Data", "AnnotatedData", "ImageData", "VideoData"];
const preparation: Fate = {
  kind: "refuse",
  why: "such a layer neither resizes nor changes images; Data, AnnotatedData and ImageData do",
  except: preparing,
};
const cropping: Fate = {
  kind: "refuse",
  why: "such a layer does not crop images so; Data, AnnotatedData, ImageData and VideoData do",
  except: preparing,
};
const overTime: Fate = { kind: "refuse", why: "write a Pooling3D layer", except: ["Pooling3D"] };
const refuse = (why: string, ...unless: string[]): Fate => ({ kind: "refuse", why, unless });
/** Layers of images whose pixels have labels. */
const segmentation = ["DenseImageData", "ImageSegData"];
/** Fields of clips of frames. */
const ofClips: Fate = {
  kind: "refuse",
  why: "such a layer reads single images; VideoData reads clips",
  except: ["VideoData"],
};
const rectangle: Fate = {
  kind: "refuse",
  why: "only square crops are known: crop_size",
  except: segmentation,
};
const pixelLabels: Fate = {
  kind: "refuse",
  why: "images have one label each here; ImageSegData has label images",
  except: segmentation,
};

/**
 * The fields of other dialects, by message and name. Message-typed parameters of foreign layer types are not
 * listed: the layer's type decides what happens to them.
 */
const fates: Readonly<Record<string, Fate>> = {
  "LayerParameter.engine": engineChoice,
  "LayerParameter.forward_type": { kind: "honour" },
  "LayerParameter.backward_type": precision,
  "LayerParameter.forward_math": precision,
  "LayerParameter.backward_math": precision,
  "LayerParameter.debug": { kind: "ignore", why: "it only prints" },
  "LayerParameter.quantization_param": { kind: "honour" },
  "NetParameter.engine": engineChoice,
  "NetParameter.default_forward_type": { kind: "honour" },
  "NetParameter.default_backward_type": precision,
  "NetParameter.default_forward_math": precision,
  "NetParameter.default_backward_math": precision,
  "NetParameter.global_grad_scale": { kind: "honour" },
  "NetParameter.global_grad_scale_adaptive": {
    kind: "ignore",
    why: "gradients are multiplied by global_grad_scale as it is, where halves are multiplied",
  },
  "NetParameter.default_conv_algos_override": engineChoice,
  "NetParameter.compile_net_state": engineChoice,
  "NetParameter.eltwise_mem_optimize": engineChoice,
  "NetParameter.bn_stats_batch_size": { kind: "honour" },
  "PoolingParameter.ceil_mode": { kind: "honour" },
  "PoolingParameter.pool": { kind: "honour" },
  "PoolingParameter.torch_pooling": refuse("the window rule would differ", "false"),
  "PoolingParameter.avg_include_pad": { kind: "honour" },
  "ConvolutionParameter.relu": { kind: "honour" },
  "ConvolutionParameter.negative_slope": { kind: "honour" },
  "ConvolutionParameter.conv_algos_override": engineChoice,
  "ConvolutionParameter.cudnn_workspace_limit": engineChoice,
  "ConvolutionParameter.cudnn_convolution_algo_seeker": engineChoice,
  "NetParameter.eltwise_mem_sharing": engineChoice,
  "NetParameter.multinode": engineChoice,
  "BatchNormParameter.scale_bias": { kind: "honour" },
  "BatchNormParameter.scale_filler": { kind: "honour" },
  "BatchNormParameter.bias_filler": { kind: "honour" },
  "BatchNormParameter.filler": { kind: "honour" },
  "BatchNormParameter.engine": engineChoice,
  "BatchNormParameter.relu": { kind: "honour" },
  "BatchNormParameter.statistics_batch_size": refuse("give stats_batch_size", "0"),
  "BatchNormParameter.use_weight_bias": { kind: "honour" },
  "BatchNormParameter.bias_term": { kind: "honour" },
  "BatchNormParameter.add_eps_before_sqrt": { kind: "honour" },
  "DropoutParameter.sample_weights_test": { kind: "honour" },
  "ReLUParameter.relu6": { kind: "honour" },
  "BatchNormParameter.icnet": { kind: "ignore", why: "it only saves memory" },
  "WindowDataParameter.shuffle": {
    kind: "ignore",
    why: "windows are drawn at random",
  },
  "DataParameter.shuffle": {
    kind: "ignore",
    why: "its records are read in the database's order",
    except: ["Data", "AnnotatedData"],
  },
  "DataParameter.cache": reading,
  "DataParameter.threads": reading,
  "DataParameter.parser_threads": reading,
  "DataParameter.shuffle_pool_size": reading,
  "DataParameter.preload_db": reading,
  "ImageDataParameter.cache": reading,
  "ImageDataParameter.short_side": refuse("give new_height and new_width", "0"),
  "ImageDataParameter.dup_in_channels": refuse("write a Concat layer instead", "false"),
  "ImageDataParameter.label_type": pixelLabels,
  "ImageDataParameter.ignore_label": pixelLabels,
  "ImageDataParameter.new_length": ofClips,
  "ImageDataParameter.use_image": ofClips,
  "ImageDataParameter.sampling_rate": ofClips,
  "ImageDataParameter.use_temporal_jitter": ofClips,
  "ImageDataParameter.mean_value": ofClips,
  "ImageDataParameter.show_data": shown,
  "VideoDataParameter.show_data": shown,
  "VideoDataParameter.encoded": { kind: "ignore", why: "frames are files of images" },
  "VideoDataParameter.is_color": {
    kind: "ignore",
    why: "C3D reads frames in colour, whatever it says",
  },
  "DenseImageDataParameter.multi_scale": refuse(
    "give transform_param { scale_factors } and a crop",
    "false",
  ),
  "ResizeParameter.center_object": refuse("objects are not looked for in images here", "false"),
  "ResizeParameter.max_angle": refuse("give transform_param { max_rotation }", "0"),
  "ResizeParameter.multiscale": refuse("give height and width", "false"),
  "ResizeParameter.min_sz": { kind: "ignore", why: "it counts only with multiscale" },
  "ResizeParameter.max_sz": { kind: "ignore", why: "it counts only with multiscale" },
  "ResizeParameter.jitter": refuse("images keep the shape that they are resized to", "0"),
  "TransformationParameter.crop_height": rectangle,
  "TransformationParameter.crop_width": rectangle,
  "TransformationParameter.scale_factors": {
    kind: "refuse",
    why: "give min_scale and max_scale",
    except: segmentation,
  },
  "TransformationParameter.resize_param": preparation,
  "TransformationParameter.noise_param": preparation,
  "TransformationParameter.emit_constraint": {
    kind: "ignore",
    why: "it concerns boxes only",
    except: ["AnnotatedData"],
  },
  "TransformationParameter.crop_h": preparation,
  "TransformationParameter.crop_w": preparation,
  "TransformationParameter.distort_param": preparation,
  "TransformationParameter.expand_param": preparation,
  "TransformationParameter.use_gpu_transform": engineChoice,
  "TransformationParameter.img_rand_resize_lower": preparation,
  "TransformationParameter.img_rand_resize_upper": preparation,
  "TransformationParameter.rand_resize_ratio_lower": preparation,
  "TransformationParameter.rand_resize_ratio_upper": preparation,
  "TransformationParameter.vertical_stretch_lower": preparation,
  "TransformationParameter.vertical_stretch_upper": preparation,
  "TransformationParameter.horizontal_stretch_lower": preparation,
  "TransformationParameter.horizontal_stretch_upper": preparation,
  "TransformationParameter.random_seed": {
    kind: "ignore",
    why: "the solver's random_seed is used",
  },
  "TransformationParameter.display": { kind: "ignore", why: "it only prints" },
  "TransformationParameter.num_labels": refuse("one label per record is read", "0", "1"),
  "TransformationParameter.contrast_brightness_adjustment": refuse(
    "there is no such transform here",
  ),
  "TransformationParameter.random_resize_param": preparation,
  "TransformationParameter.fix_crop": cropping,
  "TransformationParameter.more_fix_crop": cropping,
  "TransformationParameter.multi_scale": cropping,
  "TransformationParameter.scale_ratios": cropping,
  "TransformationParameter.max_distort": cropping,
  "TransformationParameter.is_flow": cropping,
  "TransformationParameter.random_aspect_ratio_param": preparation,
  "LossParameter.pre_fixed_normalizer": preFixed,
  "LossParameter.normalization": preFixed,
  "LossParameter.weight_by_label_freqs": { kind: "honour" },
  "LossParameter.class_weighting": { kind: "honour" },
  "LossParameter.label_smooth_factor": refuse("labels are not smoothed here", "0"),
  "EltwiseParameter.engine": engineChoice,
  "ConcatParameter.engine": engineChoice,
  "ScaleParameter.engine": engineChoice,
  "DropoutParameter.engine": engineChoice,
  "DropoutParameter.scale_train": { kind: "honour" },
  "InnerProductParameter.engine": engineChoice,
  "InnerProductParameter.normalize": refuse("weights are used as they are", "false"),
  "ReLUParameter.fuse": engineChoice,
  "SolverParameter.eval_type": { kind: "honour" },
  "SolverParameter.ap_version": { kind: "honour" },
  "SolverParameter.show_per_class_result": { kind: "honour" },
  "SolverParameter.plateau_winsize": { kind: "honour" },
  "SolverParameter.warmup_iter": { kind: "honour" },
  "SolverParameter.warmup_start_lr": { kind: "honour" },
  "SolverParameter.stagelr": { kind: "honour" },
  "SolverParameter.stageiter": { kind: "honour" },
  "SolverParameter.rampup_interval": { kind: "honour" },
  "SolverParameter.rampup_lr": { kind: "honour" },
  "SolverParameter.min_lr": { kind: "honour" },
  "SolverParameter.larc": { kind: "honour" },
  "SolverParameter.larc_policy": { kind: "honour" },
  "SolverParameter.larc_eta": { kind: "honour" },
  "SolverParameter.local_lr_auto": { kind: "honour" },
  "SolverParameter.local_gw_ratio": { kind: "honour" },
  "SolverParameter.solver_data_type": { kind: "honour" },
  "SolverParameter.engine": engineChoice,
  "SolverParameter.disabled_update": refuse("every parameter is updated; give lr_mult: 0", "false"),
  "SolverParameter.test_and_snapshot_start_epoch": detection,
  "SolverParameter.test_and_snapshot_last_epochs": detection,
  "SolverParameter.global_grad_scale": { kind: "honour" },
  "SolverParameter.store_blobs_in_old_format": {
    kind: "ignore",
    why: "blobs are written with shapes",
  },
  "SolverParameter.reduce_buckets": engineChoice,
  "SolverParameter.test_offset": { kind: "honour" },
  "SolverParameter.only_calc_loss": detection,
  "NetParameter.reduce_buckets": engineChoice,
  "NetParameter.default_cudnn_math_override": engineChoice,
  "SolverParameter.momentum_policy": { kind: "honour" },
  "SolverParameter.max_momentum": { kind: "honour" },
  "SolverParameter.momentum_power": { kind: "honour" },
  "SolverParameter.larc_turbo": refuse(
    "rates do not follow the gradients' correlation here",
    "false",
  ),
  "SolverParameter.weight_decay_policy": { kind: "honour" },
  "SolverParameter.weight_decay_power": { kind: "honour" },
  "SolverParameter.max_weight_decay": { kind: "honour" },
  "LayerParameter.cudnn_math_override": engineChoice,
  "LayerParameter.multinode": engineChoice,
  "LayerParameter.mn_grad_compress_param": engineChoice,
  "TransformationParameter.interpolation_algo_down": preparation,
  "TransformationParameter.interpolation_algo_up": preparation,
  "TransformationParameter.allow_upscale": preparation,
  "TransformationParameter.forward_packing": engineChoice,
  "TransformationParameter.flow": refuse("there is no such transform here", "false"),
  "TransformationParameter.bgr2rgb": refuse("images are blue first", "false"),
  "TransformationParameter.pad": refuse("give pad to the first convolution", "0"),
  "LossParameter.label_smoothing": refuse("labels are not smoothed here", "0"),
  "DataParameter.precache": reading,
  "DataParameter.side": { kind: "refuse", why: "BoxData has grids of boxes", except: ["BoxData"] },
  "DenseBlockParameter.gpuIdx": engineChoice,
  "DenseBlockParameter.workspace_MB": engineChoice,
  "DenseBlockParameter.BC_ultra_space_efficient": {
    kind: "ignore",
    why: "it only saves memory",
  },
  "DropoutParameter.random_seed": { kind: "ignore", why: "the solver's random_seed is used" },
  "ELUParameter.lambda": refuse("only alpha is known", "1"),
  "ImageDataParameter.threads": reading,
  "ImageDataParameter.precache": reading,
  "ImageDataParameter.dataset_share_per_node": {
    kind: "ignore",
    why: "images are dealt out to solvers by themselves",
  },
  "ImageDataParameter.min_height": refuse("give new_height and new_width", "0"),
  "ImageDataParameter.min_width": refuse("give new_height and new_width", "0"),
  "FillerParameter.alpha": { kind: "honour" },
  "SoftmaxParameter.normalize_type": {
    kind: "refuse",
    why: "write a Normalize layer",
    unless: ['"Softmax"'],
    except: ["Normalize"],
  },
  "SolverParameter.device_id": {
    kind: "ignore",
    why: "a list of devices is for runs on several of them, each a process; --gpu chooses one",
  },
  "FillerParameter.scale": refuse("give std, or another filler", "1"),
  "ConcatParameter.per_fla_fuse": { kind: "honour" },
  "BatchNormParameter.stats_batch_size": { kind: "honour" },
  "ConvolutionParameter.conv_algorithm": engineChoice,
  "ConvolutionParameter.fuse_type": refuse("write the layers by themselves", "FUSED_CONV_RELU"),
  "LRNParameter.fuse_type": refuse("write the layers by themselves", "FUSED_POOL_MAX"),
  "ConvolutionParameter.coeff": refuse("write an Eltwise layer instead"),
  "ConvolutionParameter.fusion_type": refuse("write the layers by themselves", "NONE_FUSION"),
  "InnerProductParameter.relu": { kind: "honour" },
  "InnerProductParameter.negative_slope": { kind: "honour" },
  "ConvolutionParameter.kernel_depth": refuse("write a kernel_size for each axis"),
  "ConvolutionParameter.temporal_stride": refuse("write a stride for each axis", "1"),
  "ConvolutionParameter.temporal_pad": refuse("write a pad for each axis", "0"),
  "ConvolutionParameter.filter_group": { kind: "ignore", why: "it only saves memory" },
  "PoolingParameter.kernel_depth": overTime,
  "PoolingParameter.temporal_stride": { ...overTime, unless: ["1"] },
  "PoolingParameter.pad_3d": refuse("only two spatial axes are pooled here"),
  "PoolingParameter.kernel_size_3d": refuse("only two spatial axes are pooled here"),
  "PoolingParameter.stride_3d": refuse("only two spatial axes are pooled here"),
  "PoolingParameter.axis": refuse("the last two axes are pooled here", "1"),
};

/**
 * Decides on every foreign field of a text: one warning for each name that is ignored.
 * @throws PrototxtError with the place and the reason where a field would change the result
 */
export function judgeForeignFields(
  uses: readonly FieldUse[],
  warn: (message: string) => void,
): void {
  const warned = new Set<string>();
  for (const { message, field, value, where, layer } of uses) {
    const name = `${message}.${field.name}`;
    // A layer of a foreign type is refused, or not, as a whole: by the Net.
    if (layer?.type && !entryOf(paramFields, layer.type)) continue;
    const fate = fates[name];
    // Engine names of forks (MKLDNN, MKL2017) and foreign layers' own messages say nothing about results.
    if (!fate || fate.kind === "honour") continue;
    if (layer && fate.except?.includes(layer.type)) continue;
    if (fate.kind === "refuse") {
      if (fate.unless?.some((harmless) => sameValue(harmless, value))) continue;
      throw new PrototxtError(
        `${where}: ${name} is not a field of BVLC Caffe, and without it the result would differ: ${fate.why}.`,
      );
    }
    if (warned.has(name)) continue;
    warned.add(name);
    warn(`${where}: ${name} is not a field of BVLC Caffe and is ignored: ${fate.why}.`);
  }
}

function sameValue(a: string, b: string): boolean {
  return a === b || (a !== "" && b !== "" && Number(a) === Number(b));
}
