import { configurations, type Row, withoutGradient } from "./configurations.ts";

/** Uses that only files of ONNX are compared in. */
const more: Readonly<Record<string, readonly Row[]>> = {
  CropCenter: [
    [
      'bottom: "a" top: "y" crop_center_param { crop_size: 0 crop_size: 1 crop_size: 1 crop_size: 2 }',
      "2x3x4x5",
    ],
  ],
  DummyData: [
    ['top: "y" dummy_data_param { shape { dim: 2 dim: 3 } data_filler { value: 4 } }', ""],
    [
      'top: "y" top: "z" dummy_data_param { shape { dim: 2 } shape { dim: 3 dim: 1 } data_filler { value: 4 } data_filler { value: -1 } }',
      "",
    ],
  ],
  PriorBox: [
    "min_size: 2 max_size: 4 aspect_ratio: 2 clip: true",
    "min_size: 2 aspect_ratio: 3 flip: false variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 offset: 0",
  ].map((param) => [
    `bottom: "a" bottom: "b" top: "y" prior_box_param { ${param} }`,
    "1x1x2x3 1x3x8x9",
  ]),
  PriorBoxClustered: [
    [
      'bottom: "a" bottom: "b" top: "y" prior_box_param { width: 2 width: 3 height: 2 height: 5 step: 3 }',
      "1x1x2x3 1x3x8x9",
    ],
  ],
};

/** Uses of every layer, as in `configurations`, that are compared in ONNX Runtime. */
export const onnxConfigurations: Readonly<Record<string, readonly Row[]>> = Object.fromEntries(
  Object.entries({ ...configurations, ...withoutGradient }).map(([type, rows]) => [
    type,
    [...rows, ...(more[type] ?? [])],
  ]),
);
