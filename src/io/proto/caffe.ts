// Made from proto/caffe.proto by npm run gen; change it there.


export type ForeignPrecision = "DOUBLE" | "FLOAT" | "FLOAT16" | "INT" | "UINT" | "BOOL";

export type Phase = "TRAIN" | "TEST";

export type ParamSpecDimCheckMode = "STRICT" | "PERMISSIVE";

export type FillerParameterVarianceNorm = "FAN_IN" | "FAN_OUT" | "AVERAGE";

export type LossParameterNormalizationMode = "FULL" | "VALID" | "BATCH_SIZE" | "NONE" | "PRE_FIXED";

export type ConvolutionParameterEngine = "DEFAULT" | "CAFFE" | "CUDNN" | "MKL2017" | "MKLDNN";

export type DataParameterDB = "LEVELDB" | "LMDB";

export type EltwiseParameterEltwiseOp = "PROD" | "SUM" | "MAX";

export type HingeLossParameterNorm = "L1" | "L2";

export type LRNParameterNormRegion = "ACROSS_CHANNELS" | "WITHIN_CHANNEL";

export type LRNParameterEngine = "DEFAULT" | "CAFFE" | "CUDNN" | "MKL2017" | "MKLDNN";

export type PoolingParameterPoolMethod = "MAX" | "AVE" | "STOCHASTIC" | "AVE_EXC_PAD" | "AVE_TF";

export type PoolingParameterEngine = "DEFAULT" | "CAFFE" | "CUDNN" | "MKL2017" | "MKLDNN";

export type PoolingParameterRoundMode = "CEIL" | "FLOOR";

export type ReLUParameterEngine = "DEFAULT" | "CAFFE" | "CUDNN" | "MKL2017" | "MKLDNN";

export type ReductionParameterReductionOp = "SUM" | "ASUM" | "SUMSQ" | "MEAN";

export type SPPParameterPoolMethod = "MAX" | "AVE" | "STOCHASTIC";

export type SPPParameterEngine = "DEFAULT" | "CAFFE" | "CUDNN" | "MKL2017" | "MKLDNN";

export type SigmoidParameterEngine = "DEFAULT" | "CAFFE" | "CUDNN" | "MKL2017" | "MKLDNN";

export type SoftmaxParameterEngine = "DEFAULT" | "CAFFE" | "CUDNN" | "MKL2017" | "MKLDNN";

export type TanHParameterEngine = "DEFAULT" | "CAFFE" | "CUDNN" | "MKL2017" | "MKLDNN";

export type SolverParameterSnapshotFormat = "HDF5" | "BINARYPROTO";

export type SolverParameterSolverMode = "CPU" | "GPU";

export type SolverParameterSolverType = "SGD" | "NESTEROV" | "ADAGRAD" | "RMSPROP" | "ADADELTA" | "ADAM";

export type V1LayerParameterLayerType = "NONE" | "ABSVAL" | "ACCURACY" | "ARGMAX" | "BNLL" | "CONCAT" | "CONTRASTIVE_LOSS" | "CONVOLUTION" | "DATA" | "DECONVOLUTION" | "DROPOUT" | "DUMMY_DATA" | "EUCLIDEAN_LOSS" | "ELTWISE" | "EXP" | "FLATTEN" | "HDF5_DATA" | "HDF5_OUTPUT" | "HINGE_LOSS" | "IM2COL" | "IMAGE_DATA" | "INFOGAIN_LOSS" | "INNER_PRODUCT" | "LRN" | "MEMORY_DATA" | "MULTINOMIAL_LOGISTIC_LOSS" | "MVN" | "POOLING" | "POWER" | "RELU" | "SIGMOID" | "SIGMOID_CROSS_ENTROPY_LOSS" | "SILENCE" | "SOFTMAX" | "SOFTMAX_LOSS" | "SPLIT" | "SLICE" | "TANH" | "WINDOW_DATA" | "THRESHOLD";

export type V1LayerParameterDimCheckMode = "STRICT" | "PERMISSIVE";

export type V0LayerParameterPoolMethod = "MAX" | "AVE" | "STOCHASTIC";

/** Parameters of a layer type that another Caffe has: every field by its name. */
export interface AnyParameter {
  readonly [field: string]: unknown;
}

export interface BlobShape {
  readonly dim?: readonly number[];
}

export interface BlobProto {
  readonly shape?: BlobShape;
  readonly data?: readonly number[] | Float32Array;
  readonly diff?: readonly number[] | Float32Array;
  readonly double_data?: readonly number[] | Float64Array;
  readonly double_diff?: readonly number[] | Float64Array;
  readonly num?: number;
  readonly channels?: number;
  readonly height?: number;
  readonly width?: number;
}

export interface BlobProtoVector {
  readonly blobs?: readonly BlobProto[];
}

export interface Datum {
  readonly channels?: number;
  readonly height?: number;
  readonly width?: number;
  readonly data?: Uint8Array;
  readonly label?: number;
  readonly float_data?: readonly number[] | Float32Array;
  readonly encoded?: boolean;
}

export interface NetState {
  readonly phase?: Phase;
  readonly level?: number;
  readonly stage?: readonly string[];
}

export interface NetStateRule {
  readonly phase?: Phase;
  readonly min_level?: number;
  readonly max_level?: number;
  readonly stage?: readonly string[];
  readonly not_stage?: readonly string[];
}

export interface NetParameter {
  readonly name?: string;
  readonly input?: readonly string[];
  readonly input_shape?: readonly BlobShape[];
  readonly input_dim?: readonly number[];
  readonly force_backward?: boolean;
  readonly state?: NetState;
  readonly debug_info?: boolean;
  readonly layer?: readonly LayerParameter[];
  readonly layers?: readonly V1LayerParameter[];
  readonly engine?: string;
  readonly default_forward_type?: ForeignPrecision;
  readonly default_backward_type?: ForeignPrecision;
  readonly default_forward_math?: ForeignPrecision;
  readonly default_backward_math?: ForeignPrecision;
  readonly global_grad_scale?: number;
  readonly global_grad_scale_adaptive?: boolean;
  readonly default_conv_algos_override?: string;
  readonly bn_stats_batch_size?: number;
  readonly compile_net_state?: AnyParameter;
  readonly eltwise_mem_optimize?: boolean;
  readonly eltwise_mem_sharing?: boolean;
  readonly multinode?: AnyParameter;
  readonly reduce_buckets?: number;
  readonly default_cudnn_math_override?: number;
}

export interface ParamSpec {
  readonly name?: string;
  readonly share_mode?: ParamSpecDimCheckMode;
  readonly lr_mult?: number;
  readonly decay_mult?: number;
}

export interface LayerParameter {
  readonly name?: string;
  readonly type?: string;
  readonly bottom?: readonly string[];
  readonly top?: readonly string[];
  readonly phase?: Phase;
  readonly loss_weight?: readonly number[] | Float32Array;
  readonly param?: readonly ParamSpec[];
  readonly blobs?: readonly BlobProto[];
  readonly propagate_down?: readonly boolean[];
  readonly include?: readonly NetStateRule[];
  readonly exclude?: readonly NetStateRule[];
  readonly transform_param?: TransformationParameter;
  readonly loss_param?: LossParameter;
  readonly accuracy_param?: AccuracyParameter;
  readonly argmax_param?: ArgMaxParameter;
  readonly batch_norm_param?: BatchNormParameter;
  readonly bias_param?: BiasParameter;
  readonly clip_param?: ClipParameter;
  readonly concat_param?: ConcatParameter;
  readonly contrastive_loss_param?: ContrastiveLossParameter;
  readonly convolution_param?: ConvolutionParameter;
  readonly crop_param?: CropParameter;
  readonly data_param?: DataParameter;
  readonly dropout_param?: DropoutParameter;
  readonly dummy_data_param?: DummyDataParameter;
  readonly eltwise_param?: EltwiseParameter;
  readonly elu_param?: ELUParameter;
  readonly embed_param?: EmbedParameter;
  readonly exp_param?: ExpParameter;
  readonly flatten_param?: FlattenParameter;
  readonly hdf5_data_param?: HDF5DataParameter;
  readonly hdf5_output_param?: HDF5OutputParameter;
  readonly hinge_loss_param?: HingeLossParameter;
  readonly image_data_param?: ImageDataParameter;
  readonly infogain_loss_param?: InfogainLossParameter;
  readonly inner_product_param?: InnerProductParameter;
  readonly input_param?: InputParameter;
  readonly log_param?: LogParameter;
  readonly lrn_param?: LRNParameter;
  readonly memory_data_param?: MemoryDataParameter;
  readonly mvn_param?: MVNParameter;
  readonly parameter_param?: ParameterParameter;
  readonly pooling_param?: PoolingParameter;
  readonly power_param?: PowerParameter;
  readonly prelu_param?: PReLUParameter;
  readonly python_param?: PythonParameter;
  readonly recurrent_param?: RecurrentParameter;
  readonly reduction_param?: ReductionParameter;
  readonly relu_param?: ReLUParameter;
  readonly reshape_param?: ReshapeParameter;
  readonly scale_param?: ScaleParameter;
  readonly sigmoid_param?: SigmoidParameter;
  readonly softmax_param?: SoftmaxParameter;
  readonly spp_param?: SPPParameter;
  readonly slice_param?: SliceParameter;
  readonly swish_param?: SwishParameter;
  readonly tanh_param?: TanHParameter;
  readonly threshold_param?: ThresholdParameter;
  readonly tile_param?: TileParameter;
  readonly window_data_param?: WindowDataParameter;
  readonly roi_pooling_param?: AnyParameter;
  readonly psroi_pooling_param?: AnyParameter;
  readonly permute_param?: AnyParameter;
  readonly annotated_data_param?: AnyParameter;
  readonly multibox_loss_param?: AnyParameter;
  readonly prior_box_param?: AnyParameter;
  readonly detection_output_param?: AnyParameter;
  readonly detection_evaluate_param?: AnyParameter;
  readonly norm_param?: AnyParameter;
  readonly video_data_param?: AnyParameter;
  readonly smooth_l1_loss_param?: AnyParameter;
  readonly box_annotator_ohem_param?: AnyParameter;
  readonly upsample_param?: AnyParameter;
  readonly bn_param?: AnyParameter;
  readonly dense_image_data_param?: AnyParameter;
  readonly interp_param?: AnyParameter;
  readonly seg_accuracy_param?: AnyParameter;
  readonly relu6_param?: AnyParameter;
  readonly shuffle_channel_param?: AnyParameter;
  readonly reorg_param?: AnyParameter;
  readonly region_loss_param?: AnyParameter;
  readonly yolo_detection_output_param?: AnyParameter;
  readonly yolov3_detection_output_param?: AnyParameter;
  readonly yolov3_param?: AnyParameter;
  readonly eval_detection_param?: AnyParameter;
  readonly center_loss_param?: AnyParameter;
  readonly margin_inner_product_param?: AnyParameter;
  readonly grn_param?: AnyParameter;
  readonly quantization_param?: AnyParameter;
  readonly spatial_dropout_param?: AnyParameter;
  readonly detectnet_groundtruth_param?: AnyParameter;
  readonly detectnet_augmentation_param?: AnyParameter;
  readonly box_data_param?: AnyParameter;
  readonly image_seg_data_param?: AnyParameter;
  readonly focal_loss_param?: AnyParameter;
  readonly triplet_loss_param?: AnyParameter;
  readonly mn_activation_param?: AnyParameter;
  readonly split_param?: AnyParameter;
  readonly mat_write_param?: AnyParameter;
  readonly yolo_seg_param?: AnyParameter;
  readonly trt_param?: AnyParameter;
  readonly prior_box_clustered_param?: AnyParameter;
  readonly axpy_param?: AnyParameter;
  readonly image_gt_data_param?: AnyParameter;
  readonly eval_data_param?: AnyParameter;
  readonly box_group_output_param?: AnyParameter;
  readonly detection_data_param?: AnyParameter;
  readonly box_output_param?: AnyParameter;
  readonly proposal_param?: AnyParameter;
  readonly lstm_param?: AnyParameter;
  readonly denseblock_param?: AnyParameter;
  readonly eltwise_affine_param?: AnyParameter;
  readonly apl_param?: AnyParameter;
  readonly convolution3d_param?: AnyParameter;
  readonly normalize_param?: AnyParameter;
  readonly transpose_param?: AnyParameter;
  readonly cpm_transform_param?: AnyParameter;
  readonly rrelu_param?: AnyParameter;
  readonly segmentation_evaluate_param?: AnyParameter;
  readonly resize_bilinear_param?: AnyParameter;
  readonly flip_param?: AnyParameter;
  readonly inner_distance_param?: AnyParameter;
  readonly crop_center_param?: AnyParameter;
  readonly bbox_data_param?: AnyParameter;
  readonly selu_dropout_param?: AnyParameter;
  readonly multi_stage_meanfield_param?: AnyParameter;
  readonly region_proposal_param?: AnyParameter;
  readonly roi_align_param?: AnyParameter;
  readonly roi_mask_pooling_param?: AnyParameter;
  readonly roi_data_param?: AnyParameter;
  readonly decode_bbox_param?: AnyParameter;
  readonly box_data_ohem_param?: AnyParameter;
  readonly bbox_reg_loss_ohem_param?: AnyParameter;
  readonly cluster_centroid_param?: AnyParameter;
  readonly unpooling_param?: AnyParameter;
  readonly gradient_scaler_param?: AnyParameter;
  readonly batch_reduction_param?: AnyParameter;
  readonly permutohedral_param?: AnyParameter;
  readonly dense_crf_param?: AnyParameter;
  readonly domain_transform_param?: AnyParameter;
  readonly python_data_param?: AnyParameter;
  readonly smooth_l1_param?: AnyParameter;
  readonly binary_accuracy_param?: AnyParameter;
  readonly correlation_param?: AnyParameter;
  readonly warp_param?: AnyParameter;
  readonly flow_warp_param?: AnyParameter;
  readonly interp_caffe_param?: AnyParameter;
  readonly pad_param?: AnyParameter;
  readonly lrn_gpu_param?: AnyParameter;
  readonly data_augmentation_param?: AnyParameter;
  readonly engine?: string;
  readonly forward_type?: ForeignPrecision;
  readonly backward_type?: ForeignPrecision;
  readonly forward_math?: ForeignPrecision;
  readonly backward_math?: ForeignPrecision;
  readonly debug?: boolean;
  readonly cudnn_math_override?: number;
  readonly multinode?: AnyParameter;
  readonly mn_grad_compress_param?: AnyParameter;
}

export interface FillerParameter {
  readonly type?: string;
  readonly value?: number;
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  readonly std?: number;
  readonly sparse?: number;
  readonly variance_norm?: FillerParameterVarianceNorm;
  readonly scale?: number;
}

export interface TransformationParameter {
  readonly scale?: number;
  readonly mirror?: boolean;
  readonly crop_size?: number;
  readonly mean_file?: string;
  readonly mean_value?: readonly number[] | Float32Array;
  readonly force_color?: boolean;
  readonly force_gray?: boolean;
  readonly min_scale?: number;
  readonly max_scale?: number;
  readonly max_rotation?: number;
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  readonly hue?: number;
  readonly cutout_size?: number;
  readonly workers?: number;
  readonly resize_param?: readonly AnyParameter[];
  readonly noise_param?: AnyParameter;
  readonly emit_constraint?: AnyParameter;
  readonly crop_h?: number;
  readonly crop_w?: number;
  readonly distort_param?: AnyParameter;
  readonly expand_param?: AnyParameter;
  readonly use_gpu_transform?: boolean;
  readonly img_rand_resize_lower?: number;
  readonly img_rand_resize_upper?: number;
  readonly rand_resize_ratio_lower?: number;
  readonly rand_resize_ratio_upper?: number;
  readonly random_seed?: number;
  readonly display?: boolean;
  readonly num_labels?: number;
  readonly contrast_brightness_adjustment?: number;
  readonly random_resize_param?: AnyParameter;
  readonly random_aspect_ratio_param?: AnyParameter;
  readonly vertical_stretch_lower?: number;
  readonly vertical_stretch_upper?: number;
  readonly horizontal_stretch_lower?: number;
  readonly horizontal_stretch_upper?: number;
  readonly interpolation_algo_down?: string;
  readonly interpolation_algo_up?: string;
  readonly allow_upscale?: boolean;
  readonly forward_packing?: string;
  readonly flow?: boolean;
  readonly bgr2rgb?: boolean;
  readonly pad?: number;
}

export interface LossParameter {
  readonly ignore_label?: number;
  readonly normalization?: LossParameterNormalizationMode;
  readonly normalize?: boolean;
  readonly pre_fixed_normalizer?: number;
  readonly weight_by_label_freqs?: boolean;
  readonly class_weighting?: readonly number[] | Float32Array;
  readonly label_smooth_factor?: number;
  readonly label_smoothing?: number;
}

export interface AccuracyParameter {
  readonly top_k?: number;
  readonly axis?: number;
  readonly ignore_label?: number;
}

export interface ArgMaxParameter {
  readonly out_max_val?: boolean;
  readonly top_k?: number;
  readonly axis?: number;
}

export interface BatchNormParameter {
  readonly use_global_stats?: boolean;
  readonly moving_average_fraction?: number;
  readonly eps?: number;
  readonly scale_bias?: boolean;
  readonly scale_filler?: FillerParameter;
  readonly bias_filler?: FillerParameter;
  readonly engine?: string;
  readonly relu?: boolean;
  readonly statistics_batch_size?: number;
  readonly use_weight_bias?: boolean;
  readonly bias_term?: boolean;
  readonly filler?: FillerParameter;
  readonly add_eps_before_sqrt?: boolean;
  readonly stats_batch_size?: number;
}

export interface BiasParameter {
  readonly axis?: number;
  readonly num_axes?: number;
  readonly filler?: FillerParameter;
}

export interface ClipParameter {
  readonly min?: number;
  readonly max?: number;
}

export interface ConcatParameter {
  readonly axis?: number;
  readonly concat_dim?: number;
  readonly engine?: string;
  readonly per_fla_fuse?: boolean;
}

export interface ContrastiveLossParameter {
  readonly margin?: number;
  readonly legacy_version?: boolean;
}

export interface ConvolutionParameter {
  readonly num_output?: number;
  readonly bias_term?: boolean;
  readonly pad?: readonly number[];
  readonly kernel_size?: readonly number[];
  readonly stride?: readonly number[];
  readonly dilation?: readonly number[];
  readonly pad_h?: number;
  readonly pad_w?: number;
  readonly kernel_h?: number;
  readonly kernel_w?: number;
  readonly stride_h?: number;
  readonly stride_w?: number;
  readonly group?: number;
  readonly weight_filler?: FillerParameter;
  readonly bias_filler?: FillerParameter;
  readonly engine?: ConvolutionParameterEngine;
  readonly axis?: number;
  readonly force_nd_im2col?: boolean;
  readonly relu?: boolean;
  readonly negative_slope?: number;
  readonly conv_algos_override?: string;
  readonly cudnn_workspace_limit?: number;
  readonly cudnn_convolution_algo_seeker?: number;
  readonly pad_l?: number;
  readonly pad_r?: number;
  readonly pad_t?: number;
  readonly pad_b?: number;
  readonly conv_algorithm?: string;
  readonly coeff?: readonly number[] | Float32Array;
  readonly fusion_type?: string;
}

export interface CropParameter {
  readonly axis?: number;
  readonly offset?: readonly number[];
}

export interface DataParameter {
  readonly source?: string;
  readonly batch_size?: number;
  readonly rand_skip?: number;
  readonly backend?: DataParameterDB;
  readonly scale?: number;
  readonly mean_file?: string;
  readonly crop_size?: number;
  readonly mirror?: boolean;
  readonly force_encoded_color?: boolean;
  readonly prefetch?: number;
  readonly shuffle?: boolean;
  readonly cache?: boolean;
  readonly threads?: number;
  readonly parser_threads?: number;
  readonly shuffle_pool_size?: number;
  readonly preload_db?: number;
  readonly precache?: boolean;
  readonly side?: readonly number[];
}

export interface DropoutParameter {
  readonly dropout_ratio?: number;
  readonly scale_train?: boolean;
  readonly engine?: string;
  readonly random_seed?: number;
}

export interface DummyDataParameter {
  readonly data_filler?: readonly FillerParameter[];
  readonly shape?: readonly BlobShape[];
  readonly num?: readonly number[];
  readonly channels?: readonly number[];
  readonly height?: readonly number[];
  readonly width?: readonly number[];
}

export interface ELUParameter {
  readonly alpha?: number;
  readonly lambda?: number;
}

export interface EltwiseParameter {
  readonly operation?: EltwiseParameterEltwiseOp;
  readonly coeff?: readonly number[] | Float32Array;
  readonly stable_prod_grad?: boolean;
  readonly engine?: string;
}

export interface EmbedParameter {
  readonly num_output?: number;
  readonly input_dim?: number;
  readonly bias_term?: boolean;
  readonly weight_filler?: FillerParameter;
  readonly bias_filler?: FillerParameter;
}

export interface ExpParameter {
  readonly base?: number;
  readonly scale?: number;
  readonly shift?: number;
}

export interface FlattenParameter {
  readonly axis?: number;
  readonly end_axis?: number;
}

export interface HDF5DataParameter {
  readonly source?: string;
  readonly batch_size?: number;
  readonly shuffle?: boolean;
}

export interface HDF5OutputParameter {
  readonly file_name?: string;
}

export interface HingeLossParameter {
  readonly norm?: HingeLossParameterNorm;
}

export interface ImageDataParameter {
  readonly source?: string;
  readonly batch_size?: number;
  readonly rand_skip?: number;
  readonly shuffle?: boolean;
  readonly new_height?: number;
  readonly new_width?: number;
  readonly is_color?: boolean;
  readonly scale?: number;
  readonly mean_file?: string;
  readonly crop_size?: number;
  readonly mirror?: boolean;
  readonly root_folder?: string;
  readonly lenient?: boolean;
  readonly short_side?: number;
  readonly cache?: boolean;
  readonly dup_in_channels?: boolean;
  readonly threads?: number;
  readonly precache?: boolean;
  readonly dataset_share_per_node?: number;
  readonly min_height?: number;
  readonly min_width?: number;
}

export interface InfogainLossParameter {
  readonly source?: string;
  readonly axis?: number;
}

export interface InnerProductParameter {
  readonly num_output?: number;
  readonly bias_term?: boolean;
  readonly weight_filler?: FillerParameter;
  readonly bias_filler?: FillerParameter;
  readonly axis?: number;
  readonly transpose?: boolean;
  readonly engine?: string;
  readonly normalize?: boolean;
  readonly relu?: boolean;
  readonly negative_slope?: number;
}

export interface InputParameter {
  readonly shape?: readonly BlobShape[];
}

export interface LRNParameter {
  readonly local_size?: number;
  readonly alpha?: number;
  readonly beta?: number;
  readonly norm_region?: LRNParameterNormRegion;
  readonly k?: number;
  readonly engine?: LRNParameterEngine;
}

export interface LogParameter {
  readonly base?: number;
  readonly scale?: number;
  readonly shift?: number;
}

export interface MVNParameter {
  readonly normalize_variance?: boolean;
  readonly across_channels?: boolean;
  readonly eps?: number;
}

export interface MemoryDataParameter {
  readonly batch_size?: number;
  readonly channels?: number;
  readonly height?: number;
  readonly width?: number;
}

export interface PReLUParameter {
  readonly filler?: FillerParameter;
  readonly channel_shared?: boolean;
}

export interface ParameterParameter {
  readonly shape?: BlobShape;
}

export interface PoolingParameter {
  readonly pool?: PoolingParameterPoolMethod;
  readonly pad?: number;
  readonly pad_h?: number;
  readonly pad_w?: number;
  readonly kernel_size?: number;
  readonly kernel_h?: number;
  readonly kernel_w?: number;
  readonly stride?: number;
  readonly stride_h?: number;
  readonly stride_w?: number;
  readonly engine?: PoolingParameterEngine;
  readonly global_pooling?: boolean;
  readonly round_mode?: PoolingParameterRoundMode;
  readonly ceil_mode?: boolean;
  readonly torch_pooling?: boolean;
  readonly avg_include_pad?: boolean;
  readonly pad_l?: number;
  readonly pad_r?: number;
  readonly pad_t?: number;
  readonly pad_b?: number;
  readonly pad_3d?: readonly number[];
  readonly kernel_size_3d?: readonly number[];
  readonly stride_3d?: readonly number[];
  readonly axis?: number;
}

export interface PowerParameter {
  readonly power?: number;
  readonly scale?: number;
  readonly shift?: number;
}

export interface PythonParameter {
  readonly module?: string;
  readonly layer?: string;
  readonly param_str?: string;
  readonly share_in_parallel?: boolean;
}

export interface ReLUParameter {
  readonly negative_slope?: number;
  readonly engine?: ReLUParameterEngine;
  readonly fuse?: boolean;
  readonly relu6?: boolean;
}

export interface RecurrentParameter {
  readonly num_output?: number;
  readonly weight_filler?: FillerParameter;
  readonly bias_filler?: FillerParameter;
  readonly debug_info?: boolean;
  readonly expose_hidden?: boolean;
}

export interface ReductionParameter {
  readonly operation?: ReductionParameterReductionOp;
  readonly axis?: number;
  readonly coeff?: number;
}

export interface ReshapeParameter {
  readonly shape?: BlobShape;
  readonly axis?: number;
  readonly num_axes?: number;
  readonly pixelshuffler?: number;
}

export interface SPPParameter {
  readonly pyramid_height?: number;
  readonly pool?: SPPParameterPoolMethod;
  readonly engine?: SPPParameterEngine;
}

export interface ScaleParameter {
  readonly axis?: number;
  readonly num_axes?: number;
  readonly filler?: FillerParameter;
  readonly bias_term?: boolean;
  readonly bias_filler?: FillerParameter;
  readonly engine?: string;
}

export interface SigmoidParameter {
  readonly engine?: SigmoidParameterEngine;
}

export interface SliceParameter {
  readonly axis?: number;
  readonly slice_point?: readonly number[];
  readonly slice_dim?: number;
}

export interface SoftmaxParameter {
  readonly engine?: SoftmaxParameterEngine;
  readonly axis?: number;
}

export interface SwishParameter {
  readonly beta?: number;
}

export interface TanHParameter {
  readonly engine?: TanHParameterEngine;
}

export interface ThresholdParameter {
  readonly threshold?: number;
}

export interface TileParameter {
  readonly axis?: number;
  readonly tiles?: number;
}

export interface WindowDataParameter {
  readonly source?: string;
  readonly scale?: number;
  readonly mean_file?: string;
  readonly batch_size?: number;
  readonly crop_size?: number;
  readonly mirror?: boolean;
  readonly fg_threshold?: number;
  readonly bg_threshold?: number;
  readonly fg_fraction?: number;
  readonly context_pad?: number;
  readonly crop_mode?: string;
  readonly cache_images?: boolean;
  readonly root_folder?: string;
}

export interface SolverParameter {
  readonly net?: string;
  readonly net_param?: NetParameter;
  readonly train_net?: string;
  readonly test_net?: readonly string[];
  readonly train_net_param?: NetParameter;
  readonly test_net_param?: readonly NetParameter[];
  readonly train_state?: NetState;
  readonly test_state?: readonly NetState[];
  readonly test_iter?: readonly number[];
  readonly test_interval?: number;
  readonly test_compute_loss?: boolean;
  readonly test_initialization?: boolean;
  readonly base_lr?: number;
  readonly display?: number;
  readonly average_loss?: number;
  readonly max_iter?: number;
  readonly iter_size?: number;
  readonly lr_policy?: string;
  readonly gamma?: number;
  readonly power?: number;
  readonly momentum?: number;
  readonly weight_decay?: number;
  readonly regularization_type?: string;
  readonly stepsize?: number;
  readonly stepvalue?: readonly number[];
  readonly clip_gradients?: number;
  readonly snapshot?: number;
  readonly snapshot_prefix?: string;
  readonly snapshot_diff?: boolean;
  readonly snapshot_format?: SolverParameterSnapshotFormat;
  readonly solver_mode?: SolverParameterSolverMode;
  readonly device_id?: number;
  readonly random_seed?: number;
  readonly type?: string;
  readonly delta?: number;
  readonly momentum2?: number;
  readonly rms_decay?: number;
  readonly debug_info?: boolean;
  readonly snapshot_after_train?: boolean;
  readonly solver_type?: SolverParameterSolverType;
  readonly layer_wise_reduce?: boolean;
  readonly weights?: readonly string[];
  readonly eval_type?: string;
  readonly ap_version?: string;
  readonly show_per_class_result?: boolean;
  readonly plateau_winsize?: readonly number[];
  readonly warmup_iter?: number;
  readonly warmup_start_lr?: number;
  readonly stagelr?: readonly number[] | Float32Array;
  readonly stageiter?: readonly number[];
  readonly rampup_interval?: number;
  readonly rampup_lr?: number;
  readonly min_lr?: number;
  readonly larc?: boolean;
  readonly larc_policy?: string;
  readonly larc_eta?: number;
  readonly local_lr_auto?: boolean;
  readonly local_gw_ratio?: number;
  readonly solver_data_type?: ForeignPrecision;
  readonly engine?: string;
  readonly disabled_update?: boolean;
  readonly test_and_snapshot_start_epoch?: boolean;
  readonly test_and_snapshot_last_epochs?: boolean;
  readonly global_grad_scale?: number;
  readonly store_blobs_in_old_format?: boolean;
  readonly reduce_buckets?: number;
  readonly test_offset?: readonly number[];
  readonly only_calc_loss?: boolean;
  readonly monitor?: string;
  readonly monitor_mode?: string;
  readonly min_delta?: number;
  readonly early_stop?: number;
  readonly keep_best?: boolean;
  readonly keep_last?: number;
  readonly nan?: string;
  readonly explode_factor?: number;
  readonly momentum_policy?: string;
  readonly max_momentum?: number;
  readonly momentum_power?: number;
  readonly larc_turbo?: boolean;
  readonly weight_decay_policy?: string;
  readonly weight_decay_power?: number;
  readonly max_weight_decay?: number;
}

export interface SolverState {
  readonly iter?: number;
  readonly learned_net?: string;
  readonly history?: readonly BlobProto[];
  readonly current_step?: number;
}

export interface V1LayerParameter {
  readonly bottom?: readonly string[];
  readonly top?: readonly string[];
  readonly name?: string;
  readonly include?: readonly NetStateRule[];
  readonly exclude?: readonly NetStateRule[];
  readonly type?: V1LayerParameterLayerType;
  readonly blobs?: readonly BlobProto[];
  readonly param?: readonly string[];
  readonly blob_share_mode?: readonly V1LayerParameterDimCheckMode[];
  readonly blobs_lr?: readonly number[] | Float32Array;
  readonly weight_decay?: readonly number[] | Float32Array;
  readonly loss_weight?: readonly number[] | Float32Array;
  readonly accuracy_param?: AccuracyParameter;
  readonly argmax_param?: ArgMaxParameter;
  readonly concat_param?: ConcatParameter;
  readonly contrastive_loss_param?: ContrastiveLossParameter;
  readonly convolution_param?: ConvolutionParameter;
  readonly data_param?: DataParameter;
  readonly dropout_param?: DropoutParameter;
  readonly dummy_data_param?: DummyDataParameter;
  readonly eltwise_param?: EltwiseParameter;
  readonly exp_param?: ExpParameter;
  readonly hdf5_data_param?: HDF5DataParameter;
  readonly hdf5_output_param?: HDF5OutputParameter;
  readonly hinge_loss_param?: HingeLossParameter;
  readonly image_data_param?: ImageDataParameter;
  readonly infogain_loss_param?: InfogainLossParameter;
  readonly inner_product_param?: InnerProductParameter;
  readonly lrn_param?: LRNParameter;
  readonly memory_data_param?: MemoryDataParameter;
  readonly mvn_param?: MVNParameter;
  readonly pooling_param?: PoolingParameter;
  readonly power_param?: PowerParameter;
  readonly relu_param?: ReLUParameter;
  readonly sigmoid_param?: SigmoidParameter;
  readonly softmax_param?: SoftmaxParameter;
  readonly slice_param?: SliceParameter;
  readonly tanh_param?: TanHParameter;
  readonly threshold_param?: ThresholdParameter;
  readonly window_data_param?: WindowDataParameter;
  readonly transform_param?: TransformationParameter;
  readonly loss_param?: LossParameter;
  readonly layer?: V0LayerParameter;
}

export interface V0LayerParameter {
  readonly name?: string;
  readonly type?: string;
  readonly num_output?: number;
  readonly biasterm?: boolean;
  readonly weight_filler?: FillerParameter;
  readonly bias_filler?: FillerParameter;
  readonly pad?: number;
  readonly kernelsize?: number;
  readonly group?: number;
  readonly stride?: number;
  readonly pool?: V0LayerParameterPoolMethod;
  readonly dropout_ratio?: number;
  readonly local_size?: number;
  readonly alpha?: number;
  readonly beta?: number;
  readonly k?: number;
  readonly source?: string;
  readonly scale?: number;
  readonly meanfile?: string;
  readonly batchsize?: number;
  readonly cropsize?: number;
  readonly mirror?: boolean;
  readonly blobs?: readonly BlobProto[];
  readonly blobs_lr?: readonly number[] | Float32Array;
  readonly weight_decay?: readonly number[] | Float32Array;
  readonly rand_skip?: number;
  readonly det_fg_threshold?: number;
  readonly det_bg_threshold?: number;
  readonly det_fg_fraction?: number;
  readonly det_context_pad?: number;
  readonly det_crop_mode?: string;
  readonly new_num?: number;
  readonly new_channels?: number;
  readonly new_height?: number;
  readonly new_width?: number;
  readonly shuffle_images?: boolean;
  readonly concat_dim?: number;
  readonly hdf5_output_param?: HDF5OutputParameter;
}

/** Every message by its name. */
export interface Messages {
  AnyParameter: AnyParameter;
  BlobShape: BlobShape;
  BlobProto: BlobProto;
  BlobProtoVector: BlobProtoVector;
  Datum: Datum;
  NetState: NetState;
  NetStateRule: NetStateRule;
  NetParameter: NetParameter;
  ParamSpec: ParamSpec;
  LayerParameter: LayerParameter;
  FillerParameter: FillerParameter;
  TransformationParameter: TransformationParameter;
  LossParameter: LossParameter;
  AccuracyParameter: AccuracyParameter;
  ArgMaxParameter: ArgMaxParameter;
  BatchNormParameter: BatchNormParameter;
  BiasParameter: BiasParameter;
  ClipParameter: ClipParameter;
  ConcatParameter: ConcatParameter;
  ContrastiveLossParameter: ContrastiveLossParameter;
  ConvolutionParameter: ConvolutionParameter;
  CropParameter: CropParameter;
  DataParameter: DataParameter;
  DropoutParameter: DropoutParameter;
  DummyDataParameter: DummyDataParameter;
  ELUParameter: ELUParameter;
  EltwiseParameter: EltwiseParameter;
  EmbedParameter: EmbedParameter;
  ExpParameter: ExpParameter;
  FlattenParameter: FlattenParameter;
  HDF5DataParameter: HDF5DataParameter;
  HDF5OutputParameter: HDF5OutputParameter;
  HingeLossParameter: HingeLossParameter;
  ImageDataParameter: ImageDataParameter;
  InfogainLossParameter: InfogainLossParameter;
  InnerProductParameter: InnerProductParameter;
  InputParameter: InputParameter;
  LRNParameter: LRNParameter;
  LogParameter: LogParameter;
  MVNParameter: MVNParameter;
  MemoryDataParameter: MemoryDataParameter;
  PReLUParameter: PReLUParameter;
  ParameterParameter: ParameterParameter;
  PoolingParameter: PoolingParameter;
  PowerParameter: PowerParameter;
  PythonParameter: PythonParameter;
  ReLUParameter: ReLUParameter;
  RecurrentParameter: RecurrentParameter;
  ReductionParameter: ReductionParameter;
  ReshapeParameter: ReshapeParameter;
  SPPParameter: SPPParameter;
  ScaleParameter: ScaleParameter;
  SigmoidParameter: SigmoidParameter;
  SliceParameter: SliceParameter;
  SoftmaxParameter: SoftmaxParameter;
  SwishParameter: SwishParameter;
  TanHParameter: TanHParameter;
  ThresholdParameter: ThresholdParameter;
  TileParameter: TileParameter;
  WindowDataParameter: WindowDataParameter;
  SolverParameter: SolverParameter;
  SolverState: SolverState;
  V1LayerParameter: V1LayerParameter;
  V0LayerParameter: V0LayerParameter;
}

/** The fields of each message that withDefaults always gives: repeated ones, and those with a default in the schema. */
export interface DefaultedFields {
  AnyParameter: never;
  BlobShape: "dim";
  BlobProto: "data" | "diff" | "double_data" | "double_diff" | "num" | "channels" | "height" | "width";
  BlobProtoVector: "blobs";
  Datum: "float_data" | "encoded";
  NetState: "phase" | "level" | "stage";
  NetStateRule: "stage" | "not_stage";
  NetParameter: "input" | "input_shape" | "input_dim" | "force_backward" | "debug_info" | "layer" | "layers";
  ParamSpec: "lr_mult" | "decay_mult";
  LayerParameter: "bottom" | "top" | "loss_weight" | "param" | "blobs" | "propagate_down" | "include" | "exclude";
  FillerParameter: "type" | "value" | "min" | "max" | "mean" | "std" | "sparse" | "variance_norm";
  TransformationParameter: "scale" | "mirror" | "crop_size" | "mean_value" | "force_color" | "force_gray" | "min_scale" | "max_scale" | "max_rotation" | "brightness" | "contrast" | "saturation" | "hue" | "cutout_size" | "workers" | "resize_param";
  LossParameter: "normalization" | "class_weighting";
  AccuracyParameter: "top_k" | "axis";
  ArgMaxParameter: "out_max_val" | "top_k";
  BatchNormParameter: "moving_average_fraction" | "eps";
  BiasParameter: "axis" | "num_axes";
  ClipParameter: never;
  ConcatParameter: "axis" | "concat_dim";
  ContrastiveLossParameter: "margin" | "legacy_version";
  ConvolutionParameter: "bias_term" | "pad" | "kernel_size" | "stride" | "dilation" | "pad_h" | "pad_w" | "group" | "engine" | "axis" | "force_nd_im2col" | "coeff";
  CropParameter: "axis" | "offset";
  DataParameter: "rand_skip" | "backend" | "scale" | "crop_size" | "mirror" | "force_encoded_color" | "prefetch" | "side";
  DropoutParameter: "dropout_ratio";
  DummyDataParameter: "data_filler" | "shape" | "num" | "channels" | "height" | "width";
  ELUParameter: "alpha";
  EltwiseParameter: "operation" | "coeff" | "stable_prod_grad";
  EmbedParameter: "bias_term";
  ExpParameter: "base" | "scale" | "shift";
  FlattenParameter: "axis" | "end_axis";
  HDF5DataParameter: "shuffle";
  HDF5OutputParameter: never;
  HingeLossParameter: "norm";
  ImageDataParameter: "batch_size" | "rand_skip" | "shuffle" | "new_height" | "new_width" | "is_color" | "scale" | "crop_size" | "mirror" | "root_folder" | "lenient";
  InfogainLossParameter: "axis";
  InnerProductParameter: "bias_term" | "axis" | "transpose";
  InputParameter: "shape";
  LRNParameter: "local_size" | "alpha" | "beta" | "norm_region" | "k" | "engine";
  LogParameter: "base" | "scale" | "shift";
  MVNParameter: "normalize_variance" | "across_channels" | "eps";
  MemoryDataParameter: never;
  PReLUParameter: "channel_shared";
  ParameterParameter: never;
  PoolingParameter: "pool" | "pad" | "pad_h" | "pad_w" | "stride" | "engine" | "global_pooling" | "round_mode" | "pad_3d" | "kernel_size_3d" | "stride_3d";
  PowerParameter: "power" | "scale" | "shift";
  PythonParameter: "param_str" | "share_in_parallel";
  ReLUParameter: "negative_slope" | "engine";
  RecurrentParameter: "num_output" | "debug_info" | "expose_hidden";
  ReductionParameter: "operation" | "axis" | "coeff";
  ReshapeParameter: "axis" | "num_axes";
  SPPParameter: "pool" | "engine";
  ScaleParameter: "axis" | "num_axes" | "bias_term";
  SigmoidParameter: "engine";
  SliceParameter: "axis" | "slice_point" | "slice_dim";
  SoftmaxParameter: "engine" | "axis";
  SwishParameter: "beta";
  TanHParameter: "engine";
  ThresholdParameter: "threshold";
  TileParameter: "axis";
  WindowDataParameter: "scale" | "crop_size" | "mirror" | "fg_threshold" | "bg_threshold" | "fg_fraction" | "context_pad" | "crop_mode" | "cache_images" | "root_folder";
  SolverParameter: "test_net" | "test_net_param" | "test_state" | "test_iter" | "test_interval" | "test_compute_loss" | "test_initialization" | "average_loss" | "iter_size" | "regularization_type" | "stepvalue" | "clip_gradients" | "snapshot" | "snapshot_diff" | "snapshot_format" | "solver_mode" | "device_id" | "random_seed" | "type" | "delta" | "momentum2" | "rms_decay" | "debug_info" | "snapshot_after_train" | "solver_type" | "layer_wise_reduce" | "weights" | "plateau_winsize" | "stagelr" | "stageiter" | "test_offset" | "min_delta" | "early_stop" | "keep_best" | "keep_last" | "nan" | "explode_factor";
  SolverState: "history" | "current_step";
  V1LayerParameter: "bottom" | "top" | "include" | "exclude" | "blobs" | "param" | "blob_share_mode" | "blobs_lr" | "weight_decay" | "loss_weight";
  V0LayerParameter: "biasterm" | "pad" | "group" | "stride" | "pool" | "dropout_ratio" | "local_size" | "alpha" | "beta" | "k" | "scale" | "cropsize" | "mirror" | "blobs" | "blobs_lr" | "weight_decay" | "rand_skip" | "det_fg_threshold" | "det_bg_threshold" | "det_fg_fraction" | "det_context_pad" | "det_crop_mode" | "new_num" | "new_channels" | "new_height" | "new_width" | "shuffle_images" | "concat_dim";
}

