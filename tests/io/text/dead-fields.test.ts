import { expect, test } from "vitest";
import { parseNetParameter, parseSolverParameter } from "../../../src/io/text/read-net.ts";

function warningsOf(text: string): string[] {
  const warnings: string[] = [];
  parseNetParameter(text, "net.prototxt", (severity, _source, message) => {
    if (severity === "warning") warnings.push(message);
  });
  return warnings;
}

test.each(["data_param", "image_data_param", "window_data_param"])(
  "what %s held in the first form",
  (message) => {
    const type = { data_param: "Data", image_data_param: "ImageData" }[message] ?? "WindowData";
    const fields = 'mirror: true crop_size: 4 mean_file: "m"';
    expect(
      warningsOf(`layer { name: "d" type: "${type}" ${message} { source: "s" ${fields} } }`),
    ).toEqual([
      `net.prototxt:1: layer "d" (${type}): ${message}.mean_file, ${message}.crop_size, ${message}.mirror have no effect in a layer { }. Write transform_param { mean_file … crop_size … mirror … }.`,
    ]);
  },
);

test("a scale has its place: in transform_param, or that of windows", () => {
  const scaled = (type: string, message: string): string[] =>
    warningsOf(`layer { name: "d" type: "${type}" ${message} { scale: 2 } }`);
  expect(scaled("Data", "data_param")).toEqual([
    expect.stringContaining("data_param.scale has no effect"),
  ]);
  expect(scaled("WindowData", "window_data_param")).toEqual([]);
  expect(scaled("WindowData", "transform_param")).toEqual([
    expect.stringContaining("Write window_data_param { scale … }"),
  ]);
  for (const type of ["Data", "ImageData", "MemoryData"]) {
    expect(scaled(type, "transform_param"), type).toEqual([]);
  }
});

test("transform_param of a layer that prepares no images, once for each layer", () => {
  const input = (name: string): string =>
    `layer { name: "${name}" type: "Input" top: "${name}" transform_param { scale: 2 mirror: true } }`;
  expect(warningsOf(input("a") + input("b"))).toEqual([
    expect.stringMatching(
      /^net\.prototxt:1: layer "a" \(Input\): transform_param \(mirror\) has no effect here/,
    ),
    expect.stringContaining('layer "b" (Input)'),
  ]);
  expect(warningsOf(input("a").replace("mirror: true", "mean_value: 3"))).toEqual([]);
  expect(warningsOf('layer { name: "x" type: "Mine" transform_param { scale: 2 } }')).toEqual([]);
});

test("a message of another layer type", () => {
  expect(
    warningsOf(
      'layer { name: "c" type: "Concat" eltwise_param { coeff: 2 } concat_param { axis: 0 } }',
    ),
  ).toEqual([
    'net.prototxt:1: layer "c" (Concat): eltwise_param has no effect here: it is for layers of type Eltwise.',
  ]);
  expect(warningsOf('layer { name: "x" type: "Mine" eltwise_param { coeff: 2 } }')).toEqual([]);
  for (const [type, message] of [
    ["Deconvolution", "convolution_param"],
    ["SPP", "spp_param"],
    ["SoftmaxWithLoss", "softmax_param"],
    ["LSTM", "recurrent_param"],
  ]) {
    expect(warningsOf(`layer { name: "x" type: "${type}" ${message} { } }`), type).toEqual([]);
  }
});

test("layers of the old form are upgraded, and have nothing to say", () => {
  expect(
    warningsOf('layers { name: "d" type: DATA data_param { scale: 2 mirror: true } }'),
  ).toEqual([]);
});

test("nets within solvers are looked at", () => {
  const warnings: string[] = [];
  parseSolverParameter(
    'net_param { layer { name: "d" type: "Data" data_param { scale: 2 } } }',
    "s.prototxt",
    (severity, _source, message) => {
      if (severity === "warning") warnings.push(message);
    },
  );
  expect(warnings).toEqual([expect.stringContaining('s.prototxt:1: layer "d"')]);
});
