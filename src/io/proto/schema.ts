// Made from proto/caffe.proto by npm run gen; change it there.
import type { INamespace } from "protobufjs";

/** The schema as protobufjs reads it. */
export const schema: INamespace = {
 "nested": {
  "caffe": {
   "nested": {
    "AnyParameter": {
     "edition": "proto2",
     "fields": {
      "text": {
       "type": "string",
       "id": 1
      }
     }
    },
    "ForeignPrecision": {
     "edition": "proto2",
     "values": {
      "DOUBLE": 0,
      "FLOAT": 1,
      "FLOAT16": 2,
      "INT": 3,
      "UINT": 4,
      "BOOL": 5
     }
    },
    "BlobShape": {
     "edition": "proto2",
     "fields": {
      "dim": {
       "rule": "repeated",
       "type": "int64",
       "id": 1,
       "options": {
        "packed": true
       }
      }
     }
    },
    "BlobProto": {
     "edition": "proto2",
     "fields": {
      "shape": {
       "type": "BlobShape",
       "id": 7
      },
      "data": {
       "rule": "repeated",
       "type": "float",
       "id": 5,
       "options": {
        "packed": true
       }
      },
      "diff": {
       "rule": "repeated",
       "type": "float",
       "id": 6,
       "options": {
        "packed": true
       }
      },
      "double_data": {
       "rule": "repeated",
       "type": "double",
       "id": 8,
       "options": {
        "packed": true
       }
      },
      "double_diff": {
       "rule": "repeated",
       "type": "double",
       "id": 9,
       "options": {
        "packed": true
       }
      },
      "num": {
       "type": "int32",
       "id": 1,
       "options": {
        "default": 0
       }
      },
      "channels": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 0
       }
      },
      "height": {
       "type": "int32",
       "id": 3,
       "options": {
        "default": 0
       }
      },
      "width": {
       "type": "int32",
       "id": 4,
       "options": {
        "default": 0
       }
      }
     }
    },
    "BlobProtoVector": {
     "edition": "proto2",
     "fields": {
      "blobs": {
       "rule": "repeated",
       "type": "BlobProto",
       "id": 1
      }
     }
    },
    "Datum": {
     "edition": "proto2",
     "fields": {
      "channels": {
       "type": "int32",
       "id": 1
      },
      "height": {
       "type": "int32",
       "id": 2
      },
      "width": {
       "type": "int32",
       "id": 3
      },
      "data": {
       "type": "bytes",
       "id": 4
      },
      "label": {
       "type": "int32",
       "id": 5
      },
      "float_data": {
       "rule": "repeated",
       "type": "float",
       "id": 6
      },
      "encoded": {
       "type": "bool",
       "id": 7,
       "options": {
        "default": false
       }
      }
     }
    },
    "Phase": {
     "edition": "proto2",
     "values": {
      "TRAIN": 0,
      "TEST": 1
     }
    },
    "NetState": {
     "edition": "proto2",
     "fields": {
      "phase": {
       "type": "Phase",
       "id": 1,
       "options": {
        "default": "TEST"
       }
      },
      "level": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 0
       }
      },
      "stage": {
       "rule": "repeated",
       "type": "string",
       "id": 3
      }
     }
    },
    "NetStateRule": {
     "edition": "proto2",
     "fields": {
      "phase": {
       "type": "Phase",
       "id": 1
      },
      "min_level": {
       "type": "int32",
       "id": 2
      },
      "max_level": {
       "type": "int32",
       "id": 3
      },
      "stage": {
       "rule": "repeated",
       "type": "string",
       "id": 4
      },
      "not_stage": {
       "rule": "repeated",
       "type": "string",
       "id": 5
      }
     }
    },
    "NetParameter": {
     "edition": "proto2",
     "fields": {
      "name": {
       "type": "string",
       "id": 1
      },
      "input": {
       "rule": "repeated",
       "type": "string",
       "id": 3
      },
      "input_shape": {
       "rule": "repeated",
       "type": "BlobShape",
       "id": 8
      },
      "input_dim": {
       "rule": "repeated",
       "type": "int32",
       "id": 4
      },
      "force_backward": {
       "type": "bool",
       "id": 5,
       "options": {
        "default": false
       }
      },
      "state": {
       "type": "NetState",
       "id": 6
      },
      "debug_info": {
       "type": "bool",
       "id": 7,
       "options": {
        "default": false
       }
      },
      "layer": {
       "rule": "repeated",
       "type": "LayerParameter",
       "id": 100
      },
      "layers": {
       "rule": "repeated",
       "type": "V1LayerParameter",
       "id": 2
      },
      "engine": {
       "type": "string",
       "id": 10000
      },
      "default_forward_type": {
       "type": "ForeignPrecision",
       "id": 10001
      },
      "default_backward_type": {
       "type": "ForeignPrecision",
       "id": 10002
      },
      "default_forward_math": {
       "type": "ForeignPrecision",
       "id": 10003
      },
      "default_backward_math": {
       "type": "ForeignPrecision",
       "id": 10004
      },
      "global_grad_scale": {
       "type": "float",
       "id": 10005
      },
      "global_grad_scale_adaptive": {
       "type": "bool",
       "id": 10006
      },
      "default_conv_algos_override": {
       "type": "string",
       "id": 10007
      },
      "bn_stats_batch_size": {
       "type": "int32",
       "id": 10008
      },
      "compile_net_state": {
       "type": "AnyParameter",
       "id": 10009
      },
      "eltwise_mem_optimize": {
       "type": "bool",
       "id": 10010
      },
      "eltwise_mem_sharing": {
       "type": "bool",
       "id": 10011
      },
      "multinode": {
       "type": "AnyParameter",
       "id": 10012
      },
      "reduce_buckets": {
       "type": "int32",
       "id": 10013
      },
      "default_cudnn_math_override": {
       "type": "int32",
       "id": 10014
      }
     }
    },
    "ParamSpec": {
     "edition": "proto2",
     "fields": {
      "name": {
       "type": "string",
       "id": 1
      },
      "share_mode": {
       "type": "DimCheckMode",
       "id": 2
      },
      "lr_mult": {
       "type": "float",
       "id": 3,
       "options": {
        "default": 1
       }
      },
      "decay_mult": {
       "type": "float",
       "id": 4,
       "options": {
        "default": 1
       }
      }
     },
     "nested": {
      "DimCheckMode": {
       "values": {
        "STRICT": 0,
        "PERMISSIVE": 1
       }
      }
     }
    },
    "LayerParameter": {
     "edition": "proto2",
     "fields": {
      "name": {
       "type": "string",
       "id": 1
      },
      "type": {
       "type": "string",
       "id": 2
      },
      "bottom": {
       "rule": "repeated",
       "type": "string",
       "id": 3
      },
      "top": {
       "rule": "repeated",
       "type": "string",
       "id": 4
      },
      "phase": {
       "type": "Phase",
       "id": 10
      },
      "loss_weight": {
       "rule": "repeated",
       "type": "float",
       "id": 5
      },
      "param": {
       "rule": "repeated",
       "type": "ParamSpec",
       "id": 6
      },
      "blobs": {
       "rule": "repeated",
       "type": "BlobProto",
       "id": 7
      },
      "propagate_down": {
       "rule": "repeated",
       "type": "bool",
       "id": 11
      },
      "include": {
       "rule": "repeated",
       "type": "NetStateRule",
       "id": 8
      },
      "exclude": {
       "rule": "repeated",
       "type": "NetStateRule",
       "id": 9
      },
      "transform_param": {
       "type": "TransformationParameter",
       "id": 100
      },
      "loss_param": {
       "type": "LossParameter",
       "id": 101
      },
      "accuracy_param": {
       "type": "AccuracyParameter",
       "id": 102
      },
      "argmax_param": {
       "type": "ArgMaxParameter",
       "id": 103
      },
      "batch_norm_param": {
       "type": "BatchNormParameter",
       "id": 139
      },
      "bias_param": {
       "type": "BiasParameter",
       "id": 141
      },
      "clip_param": {
       "type": "ClipParameter",
       "id": 148
      },
      "concat_param": {
       "type": "ConcatParameter",
       "id": 104
      },
      "contrastive_loss_param": {
       "type": "ContrastiveLossParameter",
       "id": 105
      },
      "convolution_param": {
       "type": "ConvolutionParameter",
       "id": 106
      },
      "crop_param": {
       "type": "CropParameter",
       "id": 144
      },
      "data_param": {
       "type": "DataParameter",
       "id": 107
      },
      "dropout_param": {
       "type": "DropoutParameter",
       "id": 108
      },
      "dummy_data_param": {
       "type": "DummyDataParameter",
       "id": 109
      },
      "eltwise_param": {
       "type": "EltwiseParameter",
       "id": 110
      },
      "elu_param": {
       "type": "ELUParameter",
       "id": 140
      },
      "embed_param": {
       "type": "EmbedParameter",
       "id": 137
      },
      "exp_param": {
       "type": "ExpParameter",
       "id": 111
      },
      "flatten_param": {
       "type": "FlattenParameter",
       "id": 135
      },
      "hdf5_data_param": {
       "type": "HDF5DataParameter",
       "id": 112
      },
      "hdf5_output_param": {
       "type": "HDF5OutputParameter",
       "id": 113
      },
      "hinge_loss_param": {
       "type": "HingeLossParameter",
       "id": 114
      },
      "image_data_param": {
       "type": "ImageDataParameter",
       "id": 115
      },
      "infogain_loss_param": {
       "type": "InfogainLossParameter",
       "id": 116
      },
      "inner_product_param": {
       "type": "InnerProductParameter",
       "id": 117
      },
      "input_param": {
       "type": "InputParameter",
       "id": 143
      },
      "log_param": {
       "type": "LogParameter",
       "id": 134
      },
      "lrn_param": {
       "type": "LRNParameter",
       "id": 118
      },
      "memory_data_param": {
       "type": "MemoryDataParameter",
       "id": 119
      },
      "mvn_param": {
       "type": "MVNParameter",
       "id": 120
      },
      "parameter_param": {
       "type": "ParameterParameter",
       "id": 145
      },
      "pooling_param": {
       "type": "PoolingParameter",
       "id": 121
      },
      "power_param": {
       "type": "PowerParameter",
       "id": 122
      },
      "prelu_param": {
       "type": "PReLUParameter",
       "id": 131
      },
      "python_param": {
       "type": "PythonParameter",
       "id": 130
      },
      "recurrent_param": {
       "type": "RecurrentParameter",
       "id": 146
      },
      "reduction_param": {
       "type": "ReductionParameter",
       "id": 136
      },
      "relu_param": {
       "type": "ReLUParameter",
       "id": 123
      },
      "reshape_param": {
       "type": "ReshapeParameter",
       "id": 133
      },
      "scale_param": {
       "type": "ScaleParameter",
       "id": 142
      },
      "sigmoid_param": {
       "type": "SigmoidParameter",
       "id": 124
      },
      "softmax_param": {
       "type": "SoftmaxParameter",
       "id": 125
      },
      "spp_param": {
       "type": "SPPParameter",
       "id": 132
      },
      "slice_param": {
       "type": "SliceParameter",
       "id": 126
      },
      "swish_param": {
       "type": "SwishParameter",
       "id": 147
      },
      "tanh_param": {
       "type": "TanHParameter",
       "id": 127
      },
      "threshold_param": {
       "type": "ThresholdParameter",
       "id": 128
      },
      "tile_param": {
       "type": "TileParameter",
       "id": 138
      },
      "window_data_param": {
       "type": "WindowDataParameter",
       "id": 129
      },
      "roi_pooling_param": {
       "type": "AnyParameter",
       "id": 10000
      },
      "psroi_pooling_param": {
       "type": "AnyParameter",
       "id": 10001
      },
      "permute_param": {
       "type": "AnyParameter",
       "id": 10002
      },
      "annotated_data_param": {
       "type": "AnyParameter",
       "id": 10003
      },
      "multibox_loss_param": {
       "type": "AnyParameter",
       "id": 10004
      },
      "prior_box_param": {
       "type": "AnyParameter",
       "id": 10005
      },
      "detection_output_param": {
       "type": "AnyParameter",
       "id": 10006
      },
      "detection_evaluate_param": {
       "type": "AnyParameter",
       "id": 10007
      },
      "norm_param": {
       "type": "AnyParameter",
       "id": 10008
      },
      "video_data_param": {
       "type": "AnyParameter",
       "id": 10009
      },
      "smooth_l1_loss_param": {
       "type": "AnyParameter",
       "id": 10010
      },
      "box_annotator_ohem_param": {
       "type": "AnyParameter",
       "id": 10011
      },
      "upsample_param": {
       "type": "AnyParameter",
       "id": 10012
      },
      "bn_param": {
       "type": "AnyParameter",
       "id": 10013
      },
      "dense_image_data_param": {
       "type": "AnyParameter",
       "id": 10014
      },
      "interp_param": {
       "type": "AnyParameter",
       "id": 10015
      },
      "seg_accuracy_param": {
       "type": "AnyParameter",
       "id": 10016
      },
      "relu6_param": {
       "type": "AnyParameter",
       "id": 10017
      },
      "shuffle_channel_param": {
       "type": "AnyParameter",
       "id": 10018
      },
      "reorg_param": {
       "type": "AnyParameter",
       "id": 10019
      },
      "region_loss_param": {
       "type": "AnyParameter",
       "id": 10020
      },
      "yolo_detection_output_param": {
       "type": "AnyParameter",
       "id": 10021
      },
      "yolov3_detection_output_param": {
       "type": "AnyParameter",
       "id": 10022
      },
      "yolov3_param": {
       "type": "AnyParameter",
       "id": 10023
      },
      "eval_detection_param": {
       "type": "AnyParameter",
       "id": 10024
      },
      "center_loss_param": {
       "type": "AnyParameter",
       "id": 10025
      },
      "margin_inner_product_param": {
       "type": "AnyParameter",
       "id": 10026
      },
      "grn_param": {
       "type": "AnyParameter",
       "id": 10027
      },
      "quantization_param": {
       "type": "AnyParameter",
       "id": 10028
      },
      "spatial_dropout_param": {
       "type": "AnyParameter",
       "id": 10029
      },
      "detectnet_groundtruth_param": {
       "type": "AnyParameter",
       "id": 10030
      },
      "detectnet_augmentation_param": {
       "type": "AnyParameter",
       "id": 10031
      },
      "box_data_param": {
       "type": "AnyParameter",
       "id": 10032
      },
      "image_seg_data_param": {
       "type": "AnyParameter",
       "id": 10033
      },
      "focal_loss_param": {
       "type": "AnyParameter",
       "id": 10034
      },
      "triplet_loss_param": {
       "type": "AnyParameter",
       "id": 10035
      },
      "mn_activation_param": {
       "type": "AnyParameter",
       "id": 10036
      },
      "split_param": {
       "type": "AnyParameter",
       "id": 10037
      },
      "mat_write_param": {
       "type": "AnyParameter",
       "id": 10038
      },
      "yolo_seg_param": {
       "type": "AnyParameter",
       "id": 10039
      },
      "trt_param": {
       "type": "AnyParameter",
       "id": 10040
      },
      "prior_box_clustered_param": {
       "type": "AnyParameter",
       "id": 10041
      },
      "axpy_param": {
       "type": "AnyParameter",
       "id": 10042
      },
      "image_gt_data_param": {
       "type": "AnyParameter",
       "id": 10060
      },
      "eval_data_param": {
       "type": "AnyParameter",
       "id": 10061
      },
      "box_group_output_param": {
       "type": "AnyParameter",
       "id": 10062
      },
      "detection_data_param": {
       "type": "AnyParameter",
       "id": 10063
      },
      "box_output_param": {
       "type": "AnyParameter",
       "id": 10064
      },
      "proposal_param": {
       "type": "AnyParameter",
       "id": 10065
      },
      "lstm_param": {
       "type": "AnyParameter",
       "id": 10066
      },
      "denseblock_param": {
       "type": "AnyParameter",
       "id": 10067
      },
      "eltwise_affine_param": {
       "type": "AnyParameter",
       "id": 10068
      },
      "apl_param": {
       "type": "AnyParameter",
       "id": 10069
      },
      "convolution3d_param": {
       "type": "AnyParameter",
       "id": 10070
      },
      "normalize_param": {
       "type": "AnyParameter",
       "id": 10071
      },
      "transpose_param": {
       "type": "AnyParameter",
       "id": 10072
      },
      "cpm_transform_param": {
       "type": "AnyParameter",
       "id": 10073
      },
      "rrelu_param": {
       "type": "AnyParameter",
       "id": 10074
      },
      "segmentation_evaluate_param": {
       "type": "AnyParameter",
       "id": 10075
      },
      "resize_bilinear_param": {
       "type": "AnyParameter",
       "id": 10076
      },
      "flip_param": {
       "type": "AnyParameter",
       "id": 10077
      },
      "inner_distance_param": {
       "type": "AnyParameter",
       "id": 10078
      },
      "crop_center_param": {
       "type": "AnyParameter",
       "id": 10079
      },
      "bbox_data_param": {
       "type": "AnyParameter",
       "id": 10080
      },
      "selu_dropout_param": {
       "type": "AnyParameter",
       "id": 10081
      },
      "multi_stage_meanfield_param": {
       "type": "AnyParameter",
       "id": 10082
      },
      "region_proposal_param": {
       "type": "AnyParameter",
       "id": 10083
      },
      "roi_align_param": {
       "type": "AnyParameter",
       "id": 10084
      },
      "roi_mask_pooling_param": {
       "type": "AnyParameter",
       "id": 10085
      },
      "roi_data_param": {
       "type": "AnyParameter",
       "id": 10086
      },
      "decode_bbox_param": {
       "type": "AnyParameter",
       "id": 10087
      },
      "box_data_ohem_param": {
       "type": "AnyParameter",
       "id": 10088
      },
      "bbox_reg_loss_ohem_param": {
       "type": "AnyParameter",
       "id": 10089
      },
      "cluster_centroid_param": {
       "type": "AnyParameter",
       "id": 10090
      },
      "unpooling_param": {
       "type": "AnyParameter",
       "id": 10091
      },
      "gradient_scaler_param": {
       "type": "AnyParameter",
       "id": 10092
      },
      "batch_reduction_param": {
       "type": "AnyParameter",
       "id": 10093
      },
      "permutohedral_param": {
       "type": "AnyParameter",
       "id": 10094
      },
      "dense_crf_param": {
       "type": "AnyParameter",
       "id": 10095
      },
      "domain_transform_param": {
       "type": "AnyParameter",
       "id": 10096
      },
      "python_data_param": {
       "type": "AnyParameter",
       "id": 10097
      },
      "smooth_l1_param": {
       "type": "AnyParameter",
       "id": 10098
      },
      "binary_accuracy_param": {
       "type": "AnyParameter",
       "id": 10099
      },
      "correlation_param": {
       "type": "AnyParameter",
       "id": 10100
      },
      "warp_param": {
       "type": "AnyParameter",
       "id": 10101
      },
      "flow_warp_param": {
       "type": "AnyParameter",
       "id": 10102
      },
      "interp_caffe_param": {
       "type": "AnyParameter",
       "id": 10103
      },
      "pad_param": {
       "type": "AnyParameter",
       "id": 10104
      },
      "lrn_gpu_param": {
       "type": "AnyParameter",
       "id": 10105
      },
      "data_augmentation_param": {
       "type": "AnyParameter",
       "id": 10106
      },
      "engine": {
       "type": "string",
       "id": 10050
      },
      "forward_type": {
       "type": "ForeignPrecision",
       "id": 10051
      },
      "backward_type": {
       "type": "ForeignPrecision",
       "id": 10052
      },
      "forward_math": {
       "type": "ForeignPrecision",
       "id": 10053
      },
      "backward_math": {
       "type": "ForeignPrecision",
       "id": 10054
      },
      "debug": {
       "type": "bool",
       "id": 10055
      },
      "cudnn_math_override": {
       "type": "int32",
       "id": 10107
      },
      "multinode": {
       "type": "AnyParameter",
       "id": 10108
      },
      "mn_grad_compress_param": {
       "type": "AnyParameter",
       "id": 10109
      }
     }
    },
    "FillerParameter": {
     "edition": "proto2",
     "fields": {
      "type": {
       "type": "string",
       "id": 1,
       "options": {
        "default": "constant"
       }
      },
      "value": {
       "type": "float",
       "id": 2,
       "options": {
        "default": 0
       }
      },
      "min": {
       "type": "float",
       "id": 3,
       "options": {
        "default": 0
       }
      },
      "max": {
       "type": "float",
       "id": 4,
       "options": {
        "default": 1
       }
      },
      "mean": {
       "type": "float",
       "id": 5,
       "options": {
        "default": 0
       }
      },
      "std": {
       "type": "float",
       "id": 6,
       "options": {
        "default": 1
       }
      },
      "sparse": {
       "type": "int32",
       "id": 7,
       "options": {
        "default": -1
       }
      },
      "variance_norm": {
       "type": "VarianceNorm",
       "id": 8,
       "options": {
        "default": "FAN_IN"
       }
      },
      "scale": {
       "type": "float",
       "id": 10000
      }
     },
     "nested": {
      "VarianceNorm": {
       "values": {
        "FAN_IN": 0,
        "FAN_OUT": 1,
        "AVERAGE": 2
       }
      }
     }
    },
    "TransformationParameter": {
     "edition": "proto2",
     "fields": {
      "scale": {
       "type": "float",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "mirror": {
       "type": "bool",
       "id": 2,
       "options": {
        "default": false
       }
      },
      "crop_size": {
       "type": "uint32",
       "id": 3,
       "options": {
        "default": 0
       }
      },
      "mean_file": {
       "type": "string",
       "id": 4
      },
      "mean_value": {
       "rule": "repeated",
       "type": "float",
       "id": 5
      },
      "force_color": {
       "type": "bool",
       "id": 6,
       "options": {
        "default": false
       }
      },
      "force_gray": {
       "type": "bool",
       "id": 7,
       "options": {
        "default": false
       }
      },
      "min_scale": {
       "type": "float",
       "id": 11000,
       "options": {
        "default": 1
       }
      },
      "max_scale": {
       "type": "float",
       "id": 11001,
       "options": {
        "default": 1
       }
      },
      "max_rotation": {
       "type": "float",
       "id": 11002,
       "options": {
        "default": 0
       }
      },
      "brightness": {
       "type": "float",
       "id": 11003,
       "options": {
        "default": 0
       }
      },
      "contrast": {
       "type": "float",
       "id": 11004,
       "options": {
        "default": 0
       }
      },
      "saturation": {
       "type": "float",
       "id": 11005,
       "options": {
        "default": 0
       }
      },
      "hue": {
       "type": "float",
       "id": 11006,
       "options": {
        "default": 0
       }
      },
      "cutout_size": {
       "type": "uint32",
       "id": 11007,
       "options": {
        "default": 0
       }
      },
      "workers": {
       "type": "uint32",
       "id": 11008,
       "options": {
        "default": 0
       }
      },
      "resize_param": {
       "rule": "repeated",
       "type": "AnyParameter",
       "id": 10000
      },
      "noise_param": {
       "type": "AnyParameter",
       "id": 10001
      },
      "emit_constraint": {
       "type": "AnyParameter",
       "id": 10002
      },
      "crop_h": {
       "type": "uint32",
       "id": 10003
      },
      "crop_w": {
       "type": "uint32",
       "id": 10004
      },
      "distort_param": {
       "type": "AnyParameter",
       "id": 10005
      },
      "expand_param": {
       "type": "AnyParameter",
       "id": 10006
      },
      "use_gpu_transform": {
       "type": "bool",
       "id": 10007
      },
      "img_rand_resize_lower": {
       "type": "float",
       "id": 10008
      },
      "img_rand_resize_upper": {
       "type": "float",
       "id": 10009
      },
      "rand_resize_ratio_lower": {
       "type": "float",
       "id": 10010
      },
      "rand_resize_ratio_upper": {
       "type": "float",
       "id": 10011
      },
      "random_seed": {
       "type": "float",
       "id": 10012
      },
      "display": {
       "type": "bool",
       "id": 10013
      },
      "num_labels": {
       "type": "uint32",
       "id": 10014
      },
      "contrast_brightness_adjustment": {
       "type": "float",
       "id": 10015
      },
      "random_resize_param": {
       "type": "AnyParameter",
       "id": 10016
      },
      "random_aspect_ratio_param": {
       "type": "AnyParameter",
       "id": 10017
      },
      "vertical_stretch_lower": {
       "type": "float",
       "id": 10018
      },
      "vertical_stretch_upper": {
       "type": "float",
       "id": 10019
      },
      "horizontal_stretch_lower": {
       "type": "float",
       "id": 10020
      },
      "horizontal_stretch_upper": {
       "type": "float",
       "id": 10021
      },
      "interpolation_algo_down": {
       "type": "string",
       "id": 10022
      },
      "interpolation_algo_up": {
       "type": "string",
       "id": 10023
      },
      "allow_upscale": {
       "type": "bool",
       "id": 10024
      },
      "forward_packing": {
       "type": "string",
       "id": 10025
      },
      "flow": {
       "type": "bool",
       "id": 10026
      },
      "bgr2rgb": {
       "type": "bool",
       "id": 10027
      },
      "pad": {
       "type": "uint32",
       "id": 10028
      }
     }
    },
    "LossParameter": {
     "edition": "proto2",
     "fields": {
      "ignore_label": {
       "type": "int32",
       "id": 1
      },
      "normalization": {
       "type": "NormalizationMode",
       "id": 3,
       "options": {
        "default": "VALID"
       }
      },
      "normalize": {
       "type": "bool",
       "id": 2
      },
      "pre_fixed_normalizer": {
       "type": "float",
       "id": 10000
      },
      "weight_by_label_freqs": {
       "type": "bool",
       "id": 10001
      },
      "class_weighting": {
       "rule": "repeated",
       "type": "float",
       "id": 10002
      },
      "label_smooth_factor": {
       "type": "float",
       "id": 10003
      },
      "label_smoothing": {
       "type": "float",
       "id": 10004
      }
     },
     "nested": {
      "NormalizationMode": {
       "values": {
        "FULL": 0,
        "VALID": 1,
        "BATCH_SIZE": 2,
        "NONE": 3,
        "PRE_FIXED": 10003
       }
      }
     }
    },
    "AccuracyParameter": {
     "edition": "proto2",
     "fields": {
      "top_k": {
       "type": "uint32",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "axis": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "ignore_label": {
       "type": "int32",
       "id": 3
      }
     }
    },
    "ArgMaxParameter": {
     "edition": "proto2",
     "fields": {
      "out_max_val": {
       "type": "bool",
       "id": 1,
       "options": {
        "default": false
       }
      },
      "top_k": {
       "type": "uint32",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "axis": {
       "type": "int32",
       "id": 3
      }
     }
    },
    "BatchNormParameter": {
     "edition": "proto2",
     "fields": {
      "use_global_stats": {
       "type": "bool",
       "id": 1
      },
      "moving_average_fraction": {
       "type": "float",
       "id": 2,
       "options": {
        "default": 0.999
       }
      },
      "eps": {
       "type": "float",
       "id": 3,
       "options": {
        "default": 0.00001
       }
      },
      "scale_bias": {
       "type": "bool",
       "id": 10000
      },
      "scale_filler": {
       "type": "FillerParameter",
       "id": 10001
      },
      "bias_filler": {
       "type": "FillerParameter",
       "id": 10002
      },
      "engine": {
       "type": "string",
       "id": 10003
      },
      "relu": {
       "type": "bool",
       "id": 10004
      },
      "statistics_batch_size": {
       "type": "int32",
       "id": 10005
      },
      "use_weight_bias": {
       "type": "bool",
       "id": 10006
      },
      "bias_term": {
       "type": "bool",
       "id": 10007
      },
      "filler": {
       "type": "FillerParameter",
       "id": 10008
      },
      "add_eps_before_sqrt": {
       "type": "bool",
       "id": 10009
      },
      "stats_batch_size": {
       "type": "uint32",
       "id": 10010
      }
     }
    },
    "BiasParameter": {
     "edition": "proto2",
     "fields": {
      "axis": {
       "type": "int32",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "num_axes": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "filler": {
       "type": "FillerParameter",
       "id": 3
      }
     }
    },
    "ClipParameter": {
     "edition": "proto2",
     "fields": {
      "min": {
       "rule": "required",
       "type": "float",
       "id": 1
      },
      "max": {
       "rule": "required",
       "type": "float",
       "id": 2
      }
     }
    },
    "ConcatParameter": {
     "edition": "proto2",
     "fields": {
      "axis": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "concat_dim": {
       "type": "uint32",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "engine": {
       "type": "string",
       "id": 10000
      },
      "per_fla_fuse": {
       "type": "bool",
       "id": 10001
      }
     }
    },
    "ContrastiveLossParameter": {
     "edition": "proto2",
     "fields": {
      "margin": {
       "type": "float",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "legacy_version": {
       "type": "bool",
       "id": 2,
       "options": {
        "default": false
       }
      }
     }
    },
    "ConvolutionParameter": {
     "edition": "proto2",
     "fields": {
      "num_output": {
       "type": "uint32",
       "id": 1
      },
      "bias_term": {
       "type": "bool",
       "id": 2,
       "options": {
        "default": true
       }
      },
      "pad": {
       "rule": "repeated",
       "type": "uint32",
       "id": 3
      },
      "kernel_size": {
       "rule": "repeated",
       "type": "uint32",
       "id": 4
      },
      "stride": {
       "rule": "repeated",
       "type": "uint32",
       "id": 6
      },
      "dilation": {
       "rule": "repeated",
       "type": "uint32",
       "id": 18
      },
      "pad_h": {
       "type": "uint32",
       "id": 9,
       "options": {
        "default": 0
       }
      },
      "pad_w": {
       "type": "uint32",
       "id": 10,
       "options": {
        "default": 0
       }
      },
      "kernel_h": {
       "type": "uint32",
       "id": 11
      },
      "kernel_w": {
       "type": "uint32",
       "id": 12
      },
      "stride_h": {
       "type": "uint32",
       "id": 13
      },
      "stride_w": {
       "type": "uint32",
       "id": 14
      },
      "group": {
       "type": "uint32",
       "id": 5,
       "options": {
        "default": 1
       }
      },
      "weight_filler": {
       "type": "FillerParameter",
       "id": 7
      },
      "bias_filler": {
       "type": "FillerParameter",
       "id": 8
      },
      "engine": {
       "type": "Engine",
       "id": 15,
       "options": {
        "default": "DEFAULT"
       }
      },
      "axis": {
       "type": "int32",
       "id": 16,
       "options": {
        "default": 1
       }
      },
      "force_nd_im2col": {
       "type": "bool",
       "id": 17,
       "options": {
        "default": false
       }
      },
      "relu": {
       "type": "bool",
       "id": 10000
      },
      "negative_slope": {
       "type": "float",
       "id": 10001
      },
      "conv_algos_override": {
       "type": "string",
       "id": 10002
      },
      "cudnn_workspace_limit": {
       "type": "float",
       "id": 10003
      },
      "cudnn_convolution_algo_seeker": {
       "type": "float",
       "id": 10004
      },
      "pad_l": {
       "type": "uint32",
       "id": 10005
      },
      "pad_r": {
       "type": "uint32",
       "id": 10006
      },
      "pad_t": {
       "type": "uint32",
       "id": 10007
      },
      "pad_b": {
       "type": "uint32",
       "id": 10008
      },
      "conv_algorithm": {
       "type": "string",
       "id": 10009
      },
      "coeff": {
       "rule": "repeated",
       "type": "float",
       "id": 10010
      },
      "fusion_type": {
       "type": "string",
       "id": 10011
      }
     },
     "nested": {
      "Engine": {
       "values": {
        "DEFAULT": 0,
        "CAFFE": 1,
        "CUDNN": 2,
        "MKL2017": 10003,
        "MKLDNN": 10004
       }
      }
     }
    },
    "CropParameter": {
     "edition": "proto2",
     "fields": {
      "axis": {
       "type": "int32",
       "id": 1,
       "options": {
        "default": 2
       }
      },
      "offset": {
       "rule": "repeated",
       "type": "uint32",
       "id": 2
      }
     }
    },
    "DataParameter": {
     "edition": "proto2",
     "fields": {
      "source": {
       "type": "string",
       "id": 1
      },
      "batch_size": {
       "type": "uint32",
       "id": 4
      },
      "rand_skip": {
       "type": "uint32",
       "id": 7,
       "options": {
        "default": 0
       }
      },
      "backend": {
       "type": "DB",
       "id": 8,
       "options": {
        "default": "LEVELDB"
       }
      },
      "scale": {
       "type": "float",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "mean_file": {
       "type": "string",
       "id": 3
      },
      "crop_size": {
       "type": "uint32",
       "id": 5,
       "options": {
        "default": 0
       }
      },
      "mirror": {
       "type": "bool",
       "id": 6,
       "options": {
        "default": false
       }
      },
      "force_encoded_color": {
       "type": "bool",
       "id": 9,
       "options": {
        "default": false
       }
      },
      "prefetch": {
       "type": "uint32",
       "id": 10,
       "options": {
        "default": 4
       }
      },
      "shuffle": {
       "type": "bool",
       "id": 10000
      },
      "cache": {
       "type": "bool",
       "id": 10001
      },
      "threads": {
       "type": "uint32",
       "id": 10002
      },
      "parser_threads": {
       "type": "uint32",
       "id": 10003
      },
      "shuffle_pool_size": {
       "type": "uint32",
       "id": 10004
      },
      "preload_db": {
       "type": "uint32",
       "id": 10005
      },
      "precache": {
       "type": "bool",
       "id": 10006
      },
      "side": {
       "rule": "repeated",
       "type": "uint32",
       "id": 10007
      }
     },
     "nested": {
      "DB": {
       "values": {
        "LEVELDB": 0,
        "LMDB": 1
       }
      }
     }
    },
    "DropoutParameter": {
     "edition": "proto2",
     "fields": {
      "dropout_ratio": {
       "type": "float",
       "id": 1,
       "options": {
        "default": 0.5
       }
      },
      "scale_train": {
       "type": "bool",
       "id": 10000
      },
      "engine": {
       "type": "string",
       "id": 10001
      },
      "random_seed": {
       "type": "int64",
       "id": 10002
      }
     }
    },
    "DummyDataParameter": {
     "edition": "proto2",
     "fields": {
      "data_filler": {
       "rule": "repeated",
       "type": "FillerParameter",
       "id": 1
      },
      "shape": {
       "rule": "repeated",
       "type": "BlobShape",
       "id": 6
      },
      "num": {
       "rule": "repeated",
       "type": "uint32",
       "id": 2
      },
      "channels": {
       "rule": "repeated",
       "type": "uint32",
       "id": 3
      },
      "height": {
       "rule": "repeated",
       "type": "uint32",
       "id": 4
      },
      "width": {
       "rule": "repeated",
       "type": "uint32",
       "id": 5
      }
     }
    },
    "ELUParameter": {
     "edition": "proto2",
     "fields": {
      "alpha": {
       "type": "float",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "lambda": {
       "type": "float",
       "id": 10000
      }
     }
    },
    "EltwiseParameter": {
     "edition": "proto2",
     "fields": {
      "operation": {
       "type": "EltwiseOp",
       "id": 1,
       "options": {
        "default": "SUM"
       }
      },
      "coeff": {
       "rule": "repeated",
       "type": "float",
       "id": 2
      },
      "stable_prod_grad": {
       "type": "bool",
       "id": 3,
       "options": {
        "default": true
       }
      },
      "engine": {
       "type": "string",
       "id": 10000
      }
     },
     "nested": {
      "EltwiseOp": {
       "values": {
        "PROD": 0,
        "SUM": 1,
        "MAX": 2
       }
      }
     }
    },
    "EmbedParameter": {
     "edition": "proto2",
     "fields": {
      "num_output": {
       "type": "uint32",
       "id": 1
      },
      "input_dim": {
       "type": "uint32",
       "id": 2
      },
      "bias_term": {
       "type": "bool",
       "id": 3,
       "options": {
        "default": true
       }
      },
      "weight_filler": {
       "type": "FillerParameter",
       "id": 4
      },
      "bias_filler": {
       "type": "FillerParameter",
       "id": 5
      }
     }
    },
    "ExpParameter": {
     "edition": "proto2",
     "fields": {
      "base": {
       "type": "float",
       "id": 1,
       "options": {
        "default": -1
       }
      },
      "scale": {
       "type": "float",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "shift": {
       "type": "float",
       "id": 3,
       "options": {
        "default": 0
       }
      }
     }
    },
    "FlattenParameter": {
     "edition": "proto2",
     "fields": {
      "axis": {
       "type": "int32",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "end_axis": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": -1
       }
      }
     }
    },
    "HDF5DataParameter": {
     "edition": "proto2",
     "fields": {
      "source": {
       "type": "string",
       "id": 1
      },
      "batch_size": {
       "type": "uint32",
       "id": 2
      },
      "shuffle": {
       "type": "bool",
       "id": 3,
       "options": {
        "default": false
       }
      }
     }
    },
    "HDF5OutputParameter": {
     "edition": "proto2",
     "fields": {
      "file_name": {
       "type": "string",
       "id": 1
      }
     }
    },
    "HingeLossParameter": {
     "edition": "proto2",
     "fields": {
      "norm": {
       "type": "Norm",
       "id": 1,
       "options": {
        "default": "L1"
       }
      }
     },
     "nested": {
      "Norm": {
       "values": {
        "L1": 1,
        "L2": 2
       }
      }
     }
    },
    "ImageDataParameter": {
     "edition": "proto2",
     "fields": {
      "source": {
       "type": "string",
       "id": 1
      },
      "batch_size": {
       "type": "uint32",
       "id": 4,
       "options": {
        "default": 1
       }
      },
      "rand_skip": {
       "type": "uint32",
       "id": 7,
       "options": {
        "default": 0
       }
      },
      "shuffle": {
       "type": "bool",
       "id": 8,
       "options": {
        "default": false
       }
      },
      "new_height": {
       "type": "uint32",
       "id": 9,
       "options": {
        "default": 0
       }
      },
      "new_width": {
       "type": "uint32",
       "id": 10,
       "options": {
        "default": 0
       }
      },
      "is_color": {
       "type": "bool",
       "id": 11,
       "options": {
        "default": true
       }
      },
      "scale": {
       "type": "float",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "mean_file": {
       "type": "string",
       "id": 3
      },
      "crop_size": {
       "type": "uint32",
       "id": 5,
       "options": {
        "default": 0
       }
      },
      "mirror": {
       "type": "bool",
       "id": 6,
       "options": {
        "default": false
       }
      },
      "root_folder": {
       "type": "string",
       "id": 12,
       "options": {
        "default": ""
       }
      },
      "lenient": {
       "type": "bool",
       "id": 11000,
       "options": {
        "default": false
       }
      },
      "short_side": {
       "type": "uint32",
       "id": 10000
      },
      "cache": {
       "type": "bool",
       "id": 10001
      },
      "dup_in_channels": {
       "type": "bool",
       "id": 10002
      },
      "threads": {
       "type": "uint32",
       "id": 10003
      },
      "precache": {
       "type": "bool",
       "id": 10004
      },
      "dataset_share_per_node": {
       "type": "float",
       "id": 10005
      },
      "min_height": {
       "type": "uint32",
       "id": 10006
      },
      "min_width": {
       "type": "uint32",
       "id": 10007
      }
     }
    },
    "InfogainLossParameter": {
     "edition": "proto2",
     "fields": {
      "source": {
       "type": "string",
       "id": 1
      },
      "axis": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 1
       }
      }
     }
    },
    "InnerProductParameter": {
     "edition": "proto2",
     "fields": {
      "num_output": {
       "type": "uint32",
       "id": 1
      },
      "bias_term": {
       "type": "bool",
       "id": 2,
       "options": {
        "default": true
       }
      },
      "weight_filler": {
       "type": "FillerParameter",
       "id": 3
      },
      "bias_filler": {
       "type": "FillerParameter",
       "id": 4
      },
      "axis": {
       "type": "int32",
       "id": 5,
       "options": {
        "default": 1
       }
      },
      "transpose": {
       "type": "bool",
       "id": 6,
       "options": {
        "default": false
       }
      },
      "engine": {
       "type": "string",
       "id": 10000
      },
      "normalize": {
       "type": "bool",
       "id": 10001
      },
      "relu": {
       "type": "bool",
       "id": 10002
      },
      "negative_slope": {
       "type": "float",
       "id": 10003
      }
     }
    },
    "InputParameter": {
     "edition": "proto2",
     "fields": {
      "shape": {
       "rule": "repeated",
       "type": "BlobShape",
       "id": 1
      }
     }
    },
    "LRNParameter": {
     "edition": "proto2",
     "fields": {
      "local_size": {
       "type": "uint32",
       "id": 1,
       "options": {
        "default": 5
       }
      },
      "alpha": {
       "type": "float",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "beta": {
       "type": "float",
       "id": 3,
       "options": {
        "default": 0.75
       }
      },
      "norm_region": {
       "type": "NormRegion",
       "id": 4,
       "options": {
        "default": "ACROSS_CHANNELS"
       }
      },
      "k": {
       "type": "float",
       "id": 5,
       "options": {
        "default": 1
       }
      },
      "engine": {
       "type": "Engine",
       "id": 6,
       "options": {
        "default": "DEFAULT"
       }
      }
     },
     "nested": {
      "NormRegion": {
       "values": {
        "ACROSS_CHANNELS": 0,
        "WITHIN_CHANNEL": 1
       }
      },
      "Engine": {
       "values": {
        "DEFAULT": 0,
        "CAFFE": 1,
        "CUDNN": 2,
        "MKL2017": 10003,
        "MKLDNN": 10004
       }
      }
     }
    },
    "LogParameter": {
     "edition": "proto2",
     "fields": {
      "base": {
       "type": "float",
       "id": 1,
       "options": {
        "default": -1
       }
      },
      "scale": {
       "type": "float",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "shift": {
       "type": "float",
       "id": 3,
       "options": {
        "default": 0
       }
      }
     }
    },
    "MVNParameter": {
     "edition": "proto2",
     "fields": {
      "normalize_variance": {
       "type": "bool",
       "id": 1,
       "options": {
        "default": true
       }
      },
      "across_channels": {
       "type": "bool",
       "id": 2,
       "options": {
        "default": false
       }
      },
      "eps": {
       "type": "float",
       "id": 3,
       "options": {
        "default": 1e-9
       }
      }
     }
    },
    "MemoryDataParameter": {
     "edition": "proto2",
     "fields": {
      "batch_size": {
       "type": "uint32",
       "id": 1
      },
      "channels": {
       "type": "uint32",
       "id": 2
      },
      "height": {
       "type": "uint32",
       "id": 3
      },
      "width": {
       "type": "uint32",
       "id": 4
      }
     }
    },
    "PReLUParameter": {
     "edition": "proto2",
     "fields": {
      "filler": {
       "type": "FillerParameter",
       "id": 1
      },
      "channel_shared": {
       "type": "bool",
       "id": 2,
       "options": {
        "default": false
       }
      }
     }
    },
    "ParameterParameter": {
     "edition": "proto2",
     "fields": {
      "shape": {
       "type": "BlobShape",
       "id": 1
      }
     }
    },
    "PoolingParameter": {
     "edition": "proto2",
     "fields": {
      "pool": {
       "type": "PoolMethod",
       "id": 1,
       "options": {
        "default": "MAX"
       }
      },
      "pad": {
       "type": "uint32",
       "id": 4,
       "options": {
        "default": 0
       }
      },
      "pad_h": {
       "type": "uint32",
       "id": 9,
       "options": {
        "default": 0
       }
      },
      "pad_w": {
       "type": "uint32",
       "id": 10,
       "options": {
        "default": 0
       }
      },
      "kernel_size": {
       "type": "uint32",
       "id": 2
      },
      "kernel_h": {
       "type": "uint32",
       "id": 5
      },
      "kernel_w": {
       "type": "uint32",
       "id": 6
      },
      "stride": {
       "type": "uint32",
       "id": 3,
       "options": {
        "default": 1
       }
      },
      "stride_h": {
       "type": "uint32",
       "id": 7
      },
      "stride_w": {
       "type": "uint32",
       "id": 8
      },
      "engine": {
       "type": "Engine",
       "id": 11,
       "options": {
        "default": "DEFAULT"
       }
      },
      "global_pooling": {
       "type": "bool",
       "id": 12,
       "options": {
        "default": false
       }
      },
      "round_mode": {
       "type": "RoundMode",
       "id": 13,
       "options": {
        "default": "CEIL"
       }
      },
      "ceil_mode": {
       "type": "bool",
       "id": 10000
      },
      "torch_pooling": {
       "type": "bool",
       "id": 10001
      },
      "avg_include_pad": {
       "type": "bool",
       "id": 10002
      },
      "pad_l": {
       "type": "uint32",
       "id": 10003
      },
      "pad_r": {
       "type": "uint32",
       "id": 10004
      },
      "pad_t": {
       "type": "uint32",
       "id": 10005
      },
      "pad_b": {
       "type": "uint32",
       "id": 10006
      },
      "pad_3d": {
       "rule": "repeated",
       "type": "uint32",
       "id": 10007
      },
      "kernel_size_3d": {
       "rule": "repeated",
       "type": "uint32",
       "id": 10008
      },
      "stride_3d": {
       "rule": "repeated",
       "type": "uint32",
       "id": 10009
      },
      "axis": {
       "type": "int32",
       "id": 10010
      }
     },
     "nested": {
      "PoolMethod": {
       "values": {
        "MAX": 0,
        "AVE": 1,
        "STOCHASTIC": 2,
        "AVE_EXC_PAD": 10000,
        "AVE_TF": 10001
       }
      },
      "Engine": {
       "values": {
        "DEFAULT": 0,
        "CAFFE": 1,
        "CUDNN": 2,
        "MKL2017": 10003,
        "MKLDNN": 10004
       }
      },
      "RoundMode": {
       "values": {
        "CEIL": 0,
        "FLOOR": 1
       }
      }
     }
    },
    "PowerParameter": {
     "edition": "proto2",
     "fields": {
      "power": {
       "type": "float",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "scale": {
       "type": "float",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "shift": {
       "type": "float",
       "id": 3,
       "options": {
        "default": 0
       }
      }
     }
    },
    "PythonParameter": {
     "edition": "proto2",
     "fields": {
      "module": {
       "type": "string",
       "id": 1
      },
      "layer": {
       "type": "string",
       "id": 2
      },
      "param_str": {
       "type": "string",
       "id": 3,
       "options": {
        "default": ""
       }
      },
      "share_in_parallel": {
       "type": "bool",
       "id": 4,
       "options": {
        "default": false
       }
      }
     }
    },
    "ReLUParameter": {
     "edition": "proto2",
     "fields": {
      "negative_slope": {
       "type": "float",
       "id": 1,
       "options": {
        "default": 0
       }
      },
      "engine": {
       "type": "Engine",
       "id": 2,
       "options": {
        "default": "DEFAULT"
       }
      },
      "fuse": {
       "type": "bool",
       "id": 10000
      },
      "relu6": {
       "type": "bool",
       "id": 10001
      }
     },
     "nested": {
      "Engine": {
       "values": {
        "DEFAULT": 0,
        "CAFFE": 1,
        "CUDNN": 2,
        "MKL2017": 10003,
        "MKLDNN": 10004
       }
      }
     }
    },
    "RecurrentParameter": {
     "edition": "proto2",
     "fields": {
      "num_output": {
       "type": "uint32",
       "id": 1,
       "options": {
        "default": 0
       }
      },
      "weight_filler": {
       "type": "FillerParameter",
       "id": 2
      },
      "bias_filler": {
       "type": "FillerParameter",
       "id": 3
      },
      "debug_info": {
       "type": "bool",
       "id": 4,
       "options": {
        "default": false
       }
      },
      "expose_hidden": {
       "type": "bool",
       "id": 5,
       "options": {
        "default": false
       }
      }
     }
    },
    "ReductionParameter": {
     "edition": "proto2",
     "fields": {
      "operation": {
       "type": "ReductionOp",
       "id": 1,
       "options": {
        "default": "SUM"
       }
      },
      "axis": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 0
       }
      },
      "coeff": {
       "type": "float",
       "id": 3,
       "options": {
        "default": 1
       }
      }
     },
     "nested": {
      "ReductionOp": {
       "values": {
        "SUM": 1,
        "ASUM": 2,
        "SUMSQ": 3,
        "MEAN": 4
       }
      }
     }
    },
    "ReshapeParameter": {
     "edition": "proto2",
     "fields": {
      "shape": {
       "type": "BlobShape",
       "id": 1
      },
      "axis": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 0
       }
      },
      "num_axes": {
       "type": "int32",
       "id": 3,
       "options": {
        "default": -1
       }
      },
      "pixelshuffler": {
       "type": "int32",
       "id": 10000
      }
     }
    },
    "SPPParameter": {
     "edition": "proto2",
     "fields": {
      "pyramid_height": {
       "type": "uint32",
       "id": 1
      },
      "pool": {
       "type": "PoolMethod",
       "id": 2,
       "options": {
        "default": "MAX"
       }
      },
      "engine": {
       "type": "Engine",
       "id": 6,
       "options": {
        "default": "DEFAULT"
       }
      }
     },
     "nested": {
      "PoolMethod": {
       "values": {
        "MAX": 0,
        "AVE": 1,
        "STOCHASTIC": 2
       }
      },
      "Engine": {
       "values": {
        "DEFAULT": 0,
        "CAFFE": 1,
        "CUDNN": 2,
        "MKL2017": 10003,
        "MKLDNN": 10004
       }
      }
     }
    },
    "ScaleParameter": {
     "edition": "proto2",
     "fields": {
      "axis": {
       "type": "int32",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "num_axes": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "filler": {
       "type": "FillerParameter",
       "id": 3
      },
      "bias_term": {
       "type": "bool",
       "id": 4,
       "options": {
        "default": false
       }
      },
      "bias_filler": {
       "type": "FillerParameter",
       "id": 5
      },
      "engine": {
       "type": "string",
       "id": 10000
      }
     }
    },
    "SigmoidParameter": {
     "edition": "proto2",
     "fields": {
      "engine": {
       "type": "Engine",
       "id": 1,
       "options": {
        "default": "DEFAULT"
       }
      }
     },
     "nested": {
      "Engine": {
       "values": {
        "DEFAULT": 0,
        "CAFFE": 1,
        "CUDNN": 2,
        "MKL2017": 10003,
        "MKLDNN": 10004
       }
      }
     }
    },
    "SliceParameter": {
     "edition": "proto2",
     "fields": {
      "axis": {
       "type": "int32",
       "id": 3,
       "options": {
        "default": 1
       }
      },
      "slice_point": {
       "rule": "repeated",
       "type": "uint32",
       "id": 2
      },
      "slice_dim": {
       "type": "uint32",
       "id": 1,
       "options": {
        "default": 1
       }
      }
     }
    },
    "SoftmaxParameter": {
     "edition": "proto2",
     "fields": {
      "engine": {
       "type": "Engine",
       "id": 1,
       "options": {
        "default": "DEFAULT"
       }
      },
      "axis": {
       "type": "int32",
       "id": 2,
       "options": {
        "default": 1
       }
      }
     },
     "nested": {
      "Engine": {
       "values": {
        "DEFAULT": 0,
        "CAFFE": 1,
        "CUDNN": 2,
        "MKL2017": 10003,
        "MKLDNN": 10004
       }
      }
     }
    },
    "SwishParameter": {
     "edition": "proto2",
     "fields": {
      "beta": {
       "type": "float",
       "id": 1,
       "options": {
        "default": 1
       }
      }
     }
    },
    "TanHParameter": {
     "edition": "proto2",
     "fields": {
      "engine": {
       "type": "Engine",
       "id": 1,
       "options": {
        "default": "DEFAULT"
       }
      }
     },
     "nested": {
      "Engine": {
       "values": {
        "DEFAULT": 0,
        "CAFFE": 1,
        "CUDNN": 2,
        "MKL2017": 10003,
        "MKLDNN": 10004
       }
      }
     }
    },
    "ThresholdParameter": {
     "edition": "proto2",
     "fields": {
      "threshold": {
       "type": "float",
       "id": 1,
       "options": {
        "default": 0
       }
      }
     }
    },
    "TileParameter": {
     "edition": "proto2",
     "fields": {
      "axis": {
       "type": "int32",
       "id": 1,
       "options": {
        "default": 1
       }
      },
      "tiles": {
       "type": "int32",
       "id": 2
      }
     }
    },
    "WindowDataParameter": {
     "edition": "proto2",
     "fields": {
      "source": {
       "type": "string",
       "id": 1
      },
      "scale": {
       "type": "float",
       "id": 2,
       "options": {
        "default": 1
       }
      },
      "mean_file": {
       "type": "string",
       "id": 3
      },
      "batch_size": {
       "type": "uint32",
       "id": 4
      },
      "crop_size": {
       "type": "uint32",
       "id": 5,
       "options": {
        "default": 0
       }
      },
      "mirror": {
       "type": "bool",
       "id": 6,
       "options": {
        "default": false
       }
      },
      "fg_threshold": {
       "type": "float",
       "id": 7,
       "options": {
        "default": 0.5
       }
      },
      "bg_threshold": {
       "type": "float",
       "id": 8,
       "options": {
        "default": 0.5
       }
      },
      "fg_fraction": {
       "type": "float",
       "id": 9,
       "options": {
        "default": 0.25
       }
      },
      "context_pad": {
       "type": "uint32",
       "id": 10,
       "options": {
        "default": 0
       }
      },
      "crop_mode": {
       "type": "string",
       "id": 11,
       "options": {
        "default": "warp"
       }
      },
      "cache_images": {
       "type": "bool",
       "id": 12,
       "options": {
        "default": false
       }
      },
      "root_folder": {
       "type": "string",
       "id": 13,
       "options": {
        "default": ""
       }
      }
     }
    },
    "SolverParameter": {
     "edition": "proto2",
     "fields": {
      "net": {
       "type": "string",
       "id": 24
      },
      "net_param": {
       "type": "NetParameter",
       "id": 25
      },
      "train_net": {
       "type": "string",
       "id": 1
      },
      "test_net": {
       "rule": "repeated",
       "type": "string",
       "id": 2
      },
      "train_net_param": {
       "type": "NetParameter",
       "id": 21
      },
      "test_net_param": {
       "rule": "repeated",
       "type": "NetParameter",
       "id": 22
      },
      "train_state": {
       "type": "NetState",
       "id": 26
      },
      "test_state": {
       "rule": "repeated",
       "type": "NetState",
       "id": 27
      },
      "test_iter": {
       "rule": "repeated",
       "type": "int32",
       "id": 3
      },
      "test_interval": {
       "type": "int32",
       "id": 4,
       "options": {
        "default": 0
       }
      },
      "test_compute_loss": {
       "type": "bool",
       "id": 19,
       "options": {
        "default": false
       }
      },
      "test_initialization": {
       "type": "bool",
       "id": 32,
       "options": {
        "default": true
       }
      },
      "base_lr": {
       "type": "float",
       "id": 5
      },
      "display": {
       "type": "int32",
       "id": 6
      },
      "average_loss": {
       "type": "int32",
       "id": 33,
       "options": {
        "default": 1
       }
      },
      "max_iter": {
       "type": "int32",
       "id": 7
      },
      "iter_size": {
       "type": "int32",
       "id": 36,
       "options": {
        "default": 1
       }
      },
      "lr_policy": {
       "type": "string",
       "id": 8
      },
      "gamma": {
       "type": "float",
       "id": 9
      },
      "power": {
       "type": "float",
       "id": 10
      },
      "momentum": {
       "type": "float",
       "id": 11
      },
      "weight_decay": {
       "type": "float",
       "id": 12
      },
      "regularization_type": {
       "type": "string",
       "id": 29,
       "options": {
        "default": "L2"
       }
      },
      "stepsize": {
       "type": "int32",
       "id": 13
      },
      "stepvalue": {
       "rule": "repeated",
       "type": "int32",
       "id": 34
      },
      "clip_gradients": {
       "type": "float",
       "id": 35,
       "options": {
        "default": -1
       }
      },
      "snapshot": {
       "type": "int32",
       "id": 14,
       "options": {
        "default": 0
       }
      },
      "snapshot_prefix": {
       "type": "string",
       "id": 15
      },
      "snapshot_diff": {
       "type": "bool",
       "id": 16,
       "options": {
        "default": false
       }
      },
      "snapshot_format": {
       "type": "SnapshotFormat",
       "id": 37,
       "options": {
        "default": "BINARYPROTO"
       }
      },
      "solver_mode": {
       "type": "SolverMode",
       "id": 17,
       "options": {
        "default": "GPU"
       }
      },
      "device_id": {
       "type": "int32",
       "id": 18,
       "options": {
        "default": 0
       }
      },
      "random_seed": {
       "type": "int64",
       "id": 20,
       "options": {
        "default": -1
       }
      },
      "type": {
       "type": "string",
       "id": 40,
       "options": {
        "default": "SGD"
       }
      },
      "delta": {
       "type": "float",
       "id": 31,
       "options": {
        "default": 1e-8
       }
      },
      "momentum2": {
       "type": "float",
       "id": 39,
       "options": {
        "default": 0.999
       }
      },
      "rms_decay": {
       "type": "float",
       "id": 38,
       "options": {
        "default": 0.99
       }
      },
      "debug_info": {
       "type": "bool",
       "id": 23,
       "options": {
        "default": false
       }
      },
      "snapshot_after_train": {
       "type": "bool",
       "id": 28,
       "options": {
        "default": true
       }
      },
      "solver_type": {
       "type": "SolverType",
       "id": 30,
       "options": {
        "default": "SGD"
       }
      },
      "layer_wise_reduce": {
       "type": "bool",
       "id": 41,
       "options": {
        "default": true
       }
      },
      "weights": {
       "rule": "repeated",
       "type": "string",
       "id": 42
      },
      "eval_type": {
       "type": "string",
       "id": 10000
      },
      "ap_version": {
       "type": "string",
       "id": 10001
      },
      "show_per_class_result": {
       "type": "bool",
       "id": 10002
      },
      "plateau_winsize": {
       "rule": "repeated",
       "type": "int32",
       "id": 10003
      },
      "warmup_iter": {
       "type": "int32",
       "id": 10004
      },
      "warmup_start_lr": {
       "type": "float",
       "id": 10005
      },
      "stagelr": {
       "rule": "repeated",
       "type": "float",
       "id": 10006
      },
      "stageiter": {
       "rule": "repeated",
       "type": "int32",
       "id": 10007
      },
      "rampup_interval": {
       "type": "int32",
       "id": 10008
      },
      "rampup_lr": {
       "type": "float",
       "id": 10009
      },
      "min_lr": {
       "type": "float",
       "id": 10010
      },
      "larc": {
       "type": "bool",
       "id": 10011
      },
      "larc_policy": {
       "type": "string",
       "id": 10012
      },
      "larc_eta": {
       "type": "float",
       "id": 10013
      },
      "local_lr_auto": {
       "type": "bool",
       "id": 10014
      },
      "local_gw_ratio": {
       "type": "float",
       "id": 10015
      },
      "solver_data_type": {
       "type": "ForeignPrecision",
       "id": 10016
      },
      "engine": {
       "type": "string",
       "id": 10017
      },
      "disabled_update": {
       "type": "bool",
       "id": 10018
      },
      "test_and_snapshot_start_epoch": {
       "type": "bool",
       "id": 10019
      },
      "test_and_snapshot_last_epochs": {
       "type": "bool",
       "id": 10020
      },
      "global_grad_scale": {
       "type": "float",
       "id": 10021
      },
      "store_blobs_in_old_format": {
       "type": "bool",
       "id": 10022
      },
      "reduce_buckets": {
       "type": "int32",
       "id": 10023
      },
      "test_offset": {
       "rule": "repeated",
       "type": "int32",
       "id": 10024
      },
      "only_calc_loss": {
       "type": "bool",
       "id": 10025
      },
      "monitor": {
       "type": "string",
       "id": 11000
      },
      "monitor_mode": {
       "type": "string",
       "id": 11001
      },
      "min_delta": {
       "type": "float",
       "id": 11002,
       "options": {
        "default": 0
       }
      },
      "early_stop": {
       "type": "int32",
       "id": 11003,
       "options": {
        "default": 0
       }
      },
      "keep_best": {
       "type": "bool",
       "id": 11004,
       "options": {
        "default": false
       }
      },
      "keep_last": {
       "type": "int32",
       "id": 11005,
       "options": {
        "default": 0
       }
      },
      "nan": {
       "type": "string",
       "id": 11006,
       "options": {
        "default": "stop"
       }
      },
      "explode_factor": {
       "type": "float",
       "id": 11007,
       "options": {
        "default": 20
       }
      },
      "momentum_policy": {
       "type": "string",
       "id": 10026
      },
      "max_momentum": {
       "type": "float",
       "id": 10027
      },
      "momentum_power": {
       "type": "float",
       "id": 10028
      },
      "larc_turbo": {
       "type": "bool",
       "id": 10029
      },
      "weight_decay_policy": {
       "type": "string",
       "id": 10030
      },
      "weight_decay_power": {
       "type": "float",
       "id": 10031
      },
      "max_weight_decay": {
       "type": "float",
       "id": 10032
      }
     },
     "nested": {
      "SnapshotFormat": {
       "values": {
        "HDF5": 0,
        "BINARYPROTO": 1
       }
      },
      "SolverMode": {
       "values": {
        "CPU": 0,
        "GPU": 1
       }
      },
      "SolverType": {
       "values": {
        "SGD": 0,
        "NESTEROV": 1,
        "ADAGRAD": 2,
        "RMSPROP": 3,
        "ADADELTA": 4,
        "ADAM": 5
       }
      }
     }
    },
    "SolverState": {
     "edition": "proto2",
     "fields": {
      "iter": {
       "type": "int32",
       "id": 1
      },
      "learned_net": {
       "type": "string",
       "id": 2
      },
      "history": {
       "rule": "repeated",
       "type": "BlobProto",
       "id": 3
      },
      "current_step": {
       "type": "int32",
       "id": 4,
       "options": {
        "default": 0
       }
      }
     }
    },
    "V1LayerParameter": {
     "edition": "proto2",
     "fields": {
      "bottom": {
       "rule": "repeated",
       "type": "string",
       "id": 2
      },
      "top": {
       "rule": "repeated",
       "type": "string",
       "id": 3
      },
      "name": {
       "type": "string",
       "id": 4
      },
      "include": {
       "rule": "repeated",
       "type": "NetStateRule",
       "id": 32
      },
      "exclude": {
       "rule": "repeated",
       "type": "NetStateRule",
       "id": 33
      },
      "type": {
       "type": "LayerType",
       "id": 5
      },
      "blobs": {
       "rule": "repeated",
       "type": "BlobProto",
       "id": 6
      },
      "param": {
       "rule": "repeated",
       "type": "string",
       "id": 1001
      },
      "blob_share_mode": {
       "rule": "repeated",
       "type": "DimCheckMode",
       "id": 1002
      },
      "blobs_lr": {
       "rule": "repeated",
       "type": "float",
       "id": 7
      },
      "weight_decay": {
       "rule": "repeated",
       "type": "float",
       "id": 8
      },
      "loss_weight": {
       "rule": "repeated",
       "type": "float",
       "id": 35
      },
      "accuracy_param": {
       "type": "AccuracyParameter",
       "id": 27
      },
      "argmax_param": {
       "type": "ArgMaxParameter",
       "id": 23
      },
      "concat_param": {
       "type": "ConcatParameter",
       "id": 9
      },
      "contrastive_loss_param": {
       "type": "ContrastiveLossParameter",
       "id": 40
      },
      "convolution_param": {
       "type": "ConvolutionParameter",
       "id": 10
      },
      "data_param": {
       "type": "DataParameter",
       "id": 11
      },
      "dropout_param": {
       "type": "DropoutParameter",
       "id": 12
      },
      "dummy_data_param": {
       "type": "DummyDataParameter",
       "id": 26
      },
      "eltwise_param": {
       "type": "EltwiseParameter",
       "id": 24
      },
      "exp_param": {
       "type": "ExpParameter",
       "id": 41
      },
      "hdf5_data_param": {
       "type": "HDF5DataParameter",
       "id": 13
      },
      "hdf5_output_param": {
       "type": "HDF5OutputParameter",
       "id": 14
      },
      "hinge_loss_param": {
       "type": "HingeLossParameter",
       "id": 29
      },
      "image_data_param": {
       "type": "ImageDataParameter",
       "id": 15
      },
      "infogain_loss_param": {
       "type": "InfogainLossParameter",
       "id": 16
      },
      "inner_product_param": {
       "type": "InnerProductParameter",
       "id": 17
      },
      "lrn_param": {
       "type": "LRNParameter",
       "id": 18
      },
      "memory_data_param": {
       "type": "MemoryDataParameter",
       "id": 22
      },
      "mvn_param": {
       "type": "MVNParameter",
       "id": 34
      },
      "pooling_param": {
       "type": "PoolingParameter",
       "id": 19
      },
      "power_param": {
       "type": "PowerParameter",
       "id": 21
      },
      "relu_param": {
       "type": "ReLUParameter",
       "id": 30
      },
      "sigmoid_param": {
       "type": "SigmoidParameter",
       "id": 38
      },
      "softmax_param": {
       "type": "SoftmaxParameter",
       "id": 39
      },
      "slice_param": {
       "type": "SliceParameter",
       "id": 31
      },
      "tanh_param": {
       "type": "TanHParameter",
       "id": 37
      },
      "threshold_param": {
       "type": "ThresholdParameter",
       "id": 25
      },
      "window_data_param": {
       "type": "WindowDataParameter",
       "id": 20
      },
      "transform_param": {
       "type": "TransformationParameter",
       "id": 36
      },
      "loss_param": {
       "type": "LossParameter",
       "id": 42
      },
      "layer": {
       "type": "V0LayerParameter",
       "id": 1
      }
     },
     "nested": {
      "LayerType": {
       "values": {
        "NONE": 0,
        "ABSVAL": 35,
        "ACCURACY": 1,
        "ARGMAX": 30,
        "BNLL": 2,
        "CONCAT": 3,
        "CONTRASTIVE_LOSS": 37,
        "CONVOLUTION": 4,
        "DATA": 5,
        "DECONVOLUTION": 39,
        "DROPOUT": 6,
        "DUMMY_DATA": 32,
        "EUCLIDEAN_LOSS": 7,
        "ELTWISE": 25,
        "EXP": 38,
        "FLATTEN": 8,
        "HDF5_DATA": 9,
        "HDF5_OUTPUT": 10,
        "HINGE_LOSS": 28,
        "IM2COL": 11,
        "IMAGE_DATA": 12,
        "INFOGAIN_LOSS": 13,
        "INNER_PRODUCT": 14,
        "LRN": 15,
        "MEMORY_DATA": 29,
        "MULTINOMIAL_LOGISTIC_LOSS": 16,
        "MVN": 34,
        "POOLING": 17,
        "POWER": 26,
        "RELU": 18,
        "SIGMOID": 19,
        "SIGMOID_CROSS_ENTROPY_LOSS": 27,
        "SILENCE": 36,
        "SOFTMAX": 20,
        "SOFTMAX_LOSS": 21,
        "SPLIT": 22,
        "SLICE": 33,
        "TANH": 23,
        "WINDOW_DATA": 24,
        "THRESHOLD": 31
       }
      },
      "DimCheckMode": {
       "values": {
        "STRICT": 0,
        "PERMISSIVE": 1
       }
      }
     }
    },
    "V0LayerParameter": {
     "edition": "proto2",
     "fields": {
      "name": {
       "type": "string",
       "id": 1
      },
      "type": {
       "type": "string",
       "id": 2
      },
      "num_output": {
       "type": "uint32",
       "id": 3
      },
      "biasterm": {
       "type": "bool",
       "id": 4,
       "options": {
        "default": true
       }
      },
      "weight_filler": {
       "type": "FillerParameter",
       "id": 5
      },
      "bias_filler": {
       "type": "FillerParameter",
       "id": 6
      },
      "pad": {
       "type": "uint32",
       "id": 7,
       "options": {
        "default": 0
       }
      },
      "kernelsize": {
       "type": "uint32",
       "id": 8
      },
      "group": {
       "type": "uint32",
       "id": 9,
       "options": {
        "default": 1
       }
      },
      "stride": {
       "type": "uint32",
       "id": 10,
       "options": {
        "default": 1
       }
      },
      "pool": {
       "type": "PoolMethod",
       "id": 11,
       "options": {
        "default": "MAX"
       }
      },
      "dropout_ratio": {
       "type": "float",
       "id": 12,
       "options": {
        "default": 0.5
       }
      },
      "local_size": {
       "type": "uint32",
       "id": 13,
       "options": {
        "default": 5
       }
      },
      "alpha": {
       "type": "float",
       "id": 14,
       "options": {
        "default": 1
       }
      },
      "beta": {
       "type": "float",
       "id": 15,
       "options": {
        "default": 0.75
       }
      },
      "k": {
       "type": "float",
       "id": 22,
       "options": {
        "default": 1
       }
      },
      "source": {
       "type": "string",
       "id": 16
      },
      "scale": {
       "type": "float",
       "id": 17,
       "options": {
        "default": 1
       }
      },
      "meanfile": {
       "type": "string",
       "id": 18
      },
      "batchsize": {
       "type": "uint32",
       "id": 19
      },
      "cropsize": {
       "type": "uint32",
       "id": 20,
       "options": {
        "default": 0
       }
      },
      "mirror": {
       "type": "bool",
       "id": 21,
       "options": {
        "default": false
       }
      },
      "blobs": {
       "rule": "repeated",
       "type": "BlobProto",
       "id": 50
      },
      "blobs_lr": {
       "rule": "repeated",
       "type": "float",
       "id": 51
      },
      "weight_decay": {
       "rule": "repeated",
       "type": "float",
       "id": 52
      },
      "rand_skip": {
       "type": "uint32",
       "id": 53,
       "options": {
        "default": 0
       }
      },
      "det_fg_threshold": {
       "type": "float",
       "id": 54,
       "options": {
        "default": 0.5
       }
      },
      "det_bg_threshold": {
       "type": "float",
       "id": 55,
       "options": {
        "default": 0.5
       }
      },
      "det_fg_fraction": {
       "type": "float",
       "id": 56,
       "options": {
        "default": 0.25
       }
      },
      "det_context_pad": {
       "type": "uint32",
       "id": 58,
       "options": {
        "default": 0
       }
      },
      "det_crop_mode": {
       "type": "string",
       "id": 59,
       "options": {
        "default": "warp"
       }
      },
      "new_num": {
       "type": "int32",
       "id": 60,
       "options": {
        "default": 0
       }
      },
      "new_channels": {
       "type": "int32",
       "id": 61,
       "options": {
        "default": 0
       }
      },
      "new_height": {
       "type": "int32",
       "id": 62,
       "options": {
        "default": 0
       }
      },
      "new_width": {
       "type": "int32",
       "id": 63,
       "options": {
        "default": 0
       }
      },
      "shuffle_images": {
       "type": "bool",
       "id": 64,
       "options": {
        "default": false
       }
      },
      "concat_dim": {
       "type": "uint32",
       "id": 65,
       "options": {
        "default": 1
       }
      },
      "hdf5_output_param": {
       "type": "HDF5OutputParameter",
       "id": 1001
      }
     },
     "nested": {
      "PoolMethod": {
       "values": {
        "MAX": 0,
        "AVE": 1,
        "STOCHASTIC": 2
       }
      }
     }
    }
   }
  }
 }
};
