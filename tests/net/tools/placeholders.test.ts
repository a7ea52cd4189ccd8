import { expect, test } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { type ShapesByName, withPlaceholders } from "../../../src/net/tools/placeholders.ts";

/** The shapes of the Input that stands in the place of a layer. */
function shapesOf(layer: string, shapes: ShapesByName = {}): unknown {
  const net = parsePrototxt(
    "NetParameter",
    `layer { name: "d" top: "data" top: "label" ${layer} }`,
  );
  const [input] = withPlaceholders(net, shapes).layer ?? [];
  expect(input).toMatchObject({ name: "d", type: "Input", top: ["data", "label"] });
  return input?.input_param?.shape?.map(({ dim }) => dim);
}

const crop = "transform_param { crop_size: 8";

test.each([
  [`type: "Data" data_param { batch_size: 5 } ${crop} }`, [5, 3, 8, 8]],
  [`type: "Data" data_param { batch_size: 5 } ${crop} force_gray: true }`, [5, 1, 8, 8]],
  [`type: "Data" ${crop} mean_value: 9 }`, [1, 1, 8, 8]],
  ['type: "ImageData" image_data_param { batch_size: 2 new_height: 4 new_width: 6 }', [2, 3, 4, 6]],
  [
    `type: "ImageData" image_data_param { new_height: 4 new_width: 6 is_color: false } ${crop} }`,
    [1, 1, 8, 8],
  ],
  [`type: "WindowData" window_data_param { batch_size: 3 } ${crop} }`, [3, 3, 8, 8]],
  [
    'type: "MemoryData" memory_data_param { batch_size: 2 channels: 4 height: 5 width: 6 }',
    [2, 4, 5, 6],
  ],
])("parameters tell shapes: %s", (layer, shape) => {
  expect(shapesOf(layer)).toEqual([shape, shape.slice(0, 1)]);
  expect(shapesOf(layer, { data: [7, 2, 1, 1] })).toEqual([[7, 2, 1, 1], [7]]);
  expect(shapesOf(layer, { label: [9] })).toEqual([shape, [9]]);
});

test.each([
  [
    'type: "ImageData" image_data_param { new_height: 4 new_width: 6 } transform_param { mean_value: 9 }',
    [1, 3, 4, 6],
    [1],
  ],
  [`type: "Data" ${crop} mean_value: 9 force_color: true }`, [1, 3, 8, 8], [1]],
  [
    `type: "AnnotatedData" data_param { batch_size: 4 } ${crop} mean_value: 9 }`,
    [4, 3, 8, 8],
    [1, 1, 1, 8],
  ],
  [
    `type: "AnnotatedData" data_param { batch_size: 4 } annotated_data_param { yolo_data_type: 1 } ${crop} }`,
    [4, 3, 8, 8],
    [4, 1, 300, 5],
  ],
])(
  "one mean may be that of three channels, and objects are not as many as images: %s",
  (layer, shape, labels) => {
    expect(shapesOf(layer)).toEqual([shape, labels]);
    const [given] = labels[0] === shape[0] ? [[7, ...labels.slice(1)]] : [labels];
    expect(shapesOf(layer, { data: [7, 3, 9, 9] })).toEqual([[7, 3, 9, 9], given]);
  },
);

test("an input keeps what is not given otherwise; what comes beside it is one for each sample", () => {
  expect(shapesOf('type: "Input"', { data: [4, 2] })).toEqual([[4, 2], [4]]);
  const both = 'type: "Input" input_param { shape { dim: 1 dim: 2 } shape { dim: 3 } }';
  expect(shapesOf(both, { data: [4, 2] })).toEqual([[4, 2], [3]]);
});

test("a shape that only data tells has to be given", () => {
  expect(() => shapesOf('type: "Data" data_param { batch_size: 5 }')).toThrow(
    'layer "d" (Data): the shape of its top "data" depends on data. Give it, e.g. data=64,3,224,224.',
  );
  const hdf5 = 'type: "HDF5Data" hdf5_data_param { batch_size: 5 }';
  expect(() => shapesOf(hdf5, { data: [2, 3] })).toThrow('its top "label" depends on data');
  expect(shapesOf(hdf5, { data: [2, 3], label: [2] })).toEqual([[2, 3], [2]]);
});

test("other layers stay, with fillers that take no time", () => {
  const net = parsePrototxt(
    "NetParameter",
    `layer { name: "ip" type: "InnerProduct" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
     layer { name: "x" type: "Unheard" }`,
  );
  expect(withPlaceholders(net).layer).toEqual([
    { name: "ip", type: "InnerProduct", inner_product_param: { num_output: 2, weight_filler: {} } },
    { name: "x", type: "Unheard" },
  ]);
});
