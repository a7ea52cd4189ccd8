import { expect, test } from "vitest";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { LayerRegistry } from "../../src/layers/registry.ts";
import { Net } from "../../src/net/net.ts";
import { LayerCall } from "../../src/net-spec/layer-call.ts";
import { L, layerOf } from "../../src/net-spec/layers.ts";
import { NetSpec, toProto } from "../../src/net-spec/net-spec.ts";
import { P } from "../../src/net-spec/params.ts";

test("L has a function for every layer type", () => {
  expect(Object.keys(L).sort()).toEqual(new LayerRegistry().types);
});

test("a net written in code is the net of its prototxt", () => {
  const [data, label] = L.DummyData({
    ntop: 2,
    shape: [{ dim: [2, 1, 8, 8] }, { dim: [2] }],
    include: { phase: "TRAIN" },
  });
  const conv1 = L.Convolution(data, {
    num_output: 4,
    kernel_size: 3,
    weight_filler: { type: "xavier" },
    param: [{ lr_mult: 1 }, { lr_mult: 2 }],
  });
  const relu1 = L.ReLU(conv1, { in_place: true });
  const pool1 = L.Pooling(relu1, { pool: P.Pooling.MAX, kernel_size: 2, stride: 2 });
  const ip = L.InnerProduct(pool1, { num_output: 3, name: "classes" });
  const loss = L.SoftmaxWithLoss(ip, label, { ignore_label: 255, axis: 1 });
  const spec = new NetSpec({ data, label, conv1, relu1, pool1, ip, loss }, { name: "small" });
  const wanted = `
    name: "small"
    layer { name: "data" type: "DummyData" top: "data" top: "label" include { phase: TRAIN }
      dummy_data_param { shape { dim: 2 dim: 1 dim: 8 dim: 8 } shape { dim: 2 } } }
    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 1 } param { lr_mult: 2 }
      convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
    layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
    layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
      pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
    layer { name: "classes" type: "InnerProduct" bottom: "pool1" top: "ip" inner_product_param { num_output: 3 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss"
      softmax_param { axis: 1 } loss_param { ignore_label: 255 } }`;
  expect(spec.toProto()).toEqual(parsePrototxt("NetParameter", wanted));
  expect(parsePrototxt("NetParameter", spec.toString())).toEqual(spec.toProto());
  expect(new Net(spec.toProto(), { phase: "TRAIN" }).outputs).toEqual(["loss"]);
});

test("names that are not given are made of type and number", () => {
  const data = L.Input({ shape: { dim: [1, 2] } });
  const net = toProto(L.ReLU(L.InnerProduct(L.ReLU(data), { num_output: 2 })));
  expect(net.layer?.map(({ name }) => name)).toEqual(["Input1", "ReLU1", "InnerProduct1", "ReLU2"]);
  expect(net.layer?.[3]?.bottom).toEqual(["InnerProduct1"]);
  const conv = L.Convolution(data, { name: "conv", num_output: 1 });
  expect(toProto(conv).layer?.[1]).toMatchObject({ name: "conv", top: ["conv"] });
});

test("a layer may have no top, several, or tops named by hand", () => {
  const inputs = L.Input({ name: "in", top: ["a", "b"], ntop: 2, shape: { dim: [1] } });
  expect(toProto(...inputs).layer?.map(({ top }) => top)).toEqual([["a", "b"]]);
  const data = L.Input({ shape: { dim: [1, 2] } });
  const parts = L.Slice(data, { axis: 1, ntop: 2 });
  const silence = L.Silence(parts[0], { ntop: 0 });
  expect(silence).toBeInstanceOf(LayerCall);
  const spec = new NetSpec({ data, left: parts[0], right: parts[1], silence });
  expect(spec.toProto().layer?.[1]).toMatchObject({ name: "left", top: ["left", "right"] });
  expect(spec.toProto().layer?.[2]).toEqual({ name: "silence", type: "Silence", bottom: ["left"] });
  expect(spec.get("left")).toBe(parts[0]);
  expect(() => spec.get("silence")).toThrow('has no top "silence"');
  expect(() => spec.get("none")).toThrow('has no top "none"');
});

test("two layers may make the same tops in different phases", () => {
  const make = (phase: "TRAIN" | "TEST", batch_size: number): readonly [typeof data, typeof data] =>
    L.Data({
      name: "data",
      top: ["data", "label"],
      include: { phase },
      source: phase,
      batch_size,
      ntop: 2,
    });
  const data = L.Input();
  const [train, label] = make("TRAIN", 64);
  const spec = new NetSpec()
    .add(train, ...make("TEST", 100))
    .add(L.EuclideanLoss(train, label, { name: "loss", top: "loss" }));
  expect(spec.toProto().layer?.map(({ name, top }) => [name, ...(top ?? [])])).toEqual([
    ["data", "data", "label"],
    ["data", "data", "label"],
    ["loss", "loss"],
  ]);
});

test("a type of the user's own goes through layerOf", () => {
  const data = L.Input({ shape: { dim: [1] } });
  const times = layerOf("Times", [data], { python_param: { param_str: "3" } });
  expect(new NetSpec({ data, times }).toProto().layer?.[1]).toEqual({
    name: "times",
    type: "Times",
    bottom: ["data"],
    top: ["times"],
    python_param: { param_str: "3" },
  });
});

test("what is not known is said, with the nearest name", () => {
  const data = L.Input();
  const loose = L as unknown as Record<string, (...args: unknown[]) => unknown>;
  const message = (type: string, fields: object): string => {
    try {
      loose[type]?.(data, fields);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(message("Convolution", { num_outputs: 2 })).toBe(
    'L.Convolution has no field "num_outputs". Did you mean "num_output"? Expected one of convolution_param, or of every layer.',
  );
  expect(message("Pooling", { pool: "MIN" })).toMatch(
    /L.Pooling: pool is MIN.* Expected one of MAX, AVE, STOCHASTIC/,
  );
  expect(message("Convolution", { weight_filler: { typ: "xavier" } })).toContain(
    'Did you mean "type"?',
  );
  expect(message("Convolution", { weight_filler: "xavier" })).toContain("Expected an object");
  expect(message("Convolution", { num_output: "3" })).toContain('is "3". Expected a number');
  expect(message("Convolution", { bias_term: 1 })).toContain("Expected a boolean");
  expect(message("Convolution", { name: 1 })).toContain("Expected a string");
  expect(message("ReLU", { in_place: true, ntop: 2 })).toContain(
    "in_place with 1 bottoms and 2 tops",
  );
});

test("P holds the words of each message's enums", () => {
  expect(P.Eltwise.MAX).toBe("MAX");
  expect(P.Solver.BINARYPROTO).toBe("BINARYPROTO");
  expect(Object.keys(P.LRN)).toContain("WITHIN_CHANNEL");
});

test("fields of forks may stand apart, and among the others", () => {
  const data = L.Input();
  const loose = L.Convolution as (...args: unknown[]) => ReturnType<typeof L.ReLU>;
  const apart = L.Convolution(data, {
    ...{ num_output: 1, engine: "CAFFE" },
    weight_filler: { type: "msra", forks: { alpha: 0.1 } },
    forks: { relu: true, engine: "MKLDNN", debug: true },
  });
  expect(apart.layer.param).toEqual({
    type: "Convolution",
    convolution_param: {
      ...{ num_output: 1, engine: "CAFFE", relu: true },
      weight_filler: { type: "msra", alpha: 0.1 },
    },
    ...{ engine: "MKLDNN", debug: true },
  });
  expect(loose(data, { num_output: 1, relu: true, debug: true }).layer.param).toEqual({
    type: "Convolution",
    convolution_param: { num_output: 1, relu: true },
    debug: true,
  });
  expect(() => loose(data, { forks: { num_output: 1 } })).toThrow(
    'L.Convolution has no field "num_output" of forks.',
  );
  expect(() => loose(data, { weight_filler: { forks: { value: 1 } } })).toThrow(
    'weight_filler has no field "value" of forks.',
  );
  expect(() => loose(data, { forks: true })).toThrow(
    "L.Convolution: forks is true. Expected an object with its fields.",
  );
});
