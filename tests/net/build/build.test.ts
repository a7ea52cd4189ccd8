import { describe, expect, test } from "vitest";
import { referenceOf } from "../../../src/engines/choose.ts";
import type { Engine } from "../../../src/engines/engine.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { arity, Layer } from "../../../src/layers/base/layer.ts";
import { LayerRegistry } from "../../../src/layers/registry.ts";
import { Net } from "../../../src/net/net.ts";
import { referenceEngines } from "../../support/engines.ts";
import { keptLog, netOf } from "../../support/nets.ts";

const input = (name: string, dims: string): string =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims} } } }`;
const data = input("data", "dim: 2 dim: 3");
const label = input("label", "dim: 2");

const small = `${data} ${label}
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 } param { name: "w" } }
  layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
  layer { name: "acc" type: "Accuracy" bottom: "ip" bottom: "label" top: "acc" include { phase: TEST } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" }`;

describe("building a net", () => {
  test("logs what Caffe logs, in its order", () => {
    const { log, lines } = keptLog();
    netOf(`name: "small" ${small}`, { log });
    const [params, ...rest] = lines.filter((line) => !line.includes("specified by a rule"));
    expect(params).toMatch(
      /^net\] Initializing net from parameters: \nname: "small"\nstate \{\n {2}phase: TRAIN\n {2}level: 0\n\}\nlayer \{\n {2}name: "data"\n/,
    );
    expect(rest).toEqual([
      "layer_factory] Creating layer data",
      "net] Creating Layer data",
      "net] data -> data",
      "net] Setting up data",
      "net] Top shape: 2 3 (6)",
      "net] Memory required for data: 24",
      "layer_factory] Creating layer label",
      "net] Creating Layer label",
      "net] label -> label",
      "net] Setting up label",
      "net] Top shape: 2 (2)",
      "net] Memory required for data: 32",
      "layer_factory] Creating layer ip",
      "net] Creating Layer ip",
      "net] ip <- data",
      "net] ip -> ip",
      "net] Setting up ip",
      "net] Top shape: 2 4 (8)",
      "net] Memory required for data: 64",
      "layer_factory] Creating layer relu",
      "net] Creating Layer relu",
      "net] relu <- ip",
      "net] relu -> ip (in-place)",
      "net] Setting up relu",
      "net] Top shape: 2 4 (8)",
      "net] Memory required for data: 96",
      "layer_factory] Creating layer loss",
      "net] Creating Layer loss",
      "net] loss <- ip",
      "net] loss <- label",
      "net] loss -> (automatic)",
      "net] Setting up loss",
      "net] Top shape: (1)",
      "net]     with loss weight 1",
      "net] Memory required for data: 100",
      "net] loss needs backward computation.",
      "net] relu needs backward computation.",
      "net] ip needs backward computation.",
      "net] label does not need backward computation.",
      "net] data does not need backward computation.",
      "net] Network initialization done.",
    ]);
  });

  test("logs outputs, and layers that a rule leaves out", () => {
    const { log, lines } = keptLog();
    netOf(small, { log, phase: "TEST" });
    expect(lines).toContain("net] This network produces output acc");
    const train = keptLog();
    netOf(small, { log: train.log });
    expect(train.lines[0]).toBe(
      "net] The NetState phase (0) differed from the phase (1) specified by a rule in layer acc",
    );
  });

  test("inputs are the tops of Input layers, outputs what nobody reads, by the alphabet", async () => {
    const net = netOf(
      `${data} layer { name: "s" type: "Slice" bottom: "data" top: "z" top: "B" top: "a" }`,
    );
    expect(net.inputs).toEqual(["data"]);
    expect(net.outputs).toEqual(["B", "a", "z"]);
    expect((await net.outputValues()).map(({ name }) => name)).toEqual(["B", "a", "z"]);
    expect(net.memoryBytes).toBe(4 * 12);
  });

  test("layers run in the order of the file: a bottom must be there before", () => {
    const ip =
      'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 1 } }';
    expect(() => netOf(ip + data)).toThrow(
      "Unknown bottom blob 'data' (layer 'ip', bottom index 0)",
    );
  });

  test("a blob that was read is gone: two in-place layers follow, a third reader splits", () => {
    const net = netOf(
      `${data} layer { name: "a" type: "ReLU" bottom: "data" top: "data" } layer { name: "b" type: "TanH" bottom: "data" top: "data" } layer { name: "c" type: "Silence" bottom: "data" }`,
    );
    expect(net.layerNames).toEqual(["data", "a", "b", "c"]);
    expect(net.outputs).toEqual([]);
  });

  test("a top made twice is refused, in place or not at the same index", () => {
    const again = `${data} ${input("data", "dim: 2")}`;
    expect(() => netOf(again)).toThrow("Top blob 'data' produced by multiple sources");
    expect(() =>
      netOf(
        `${data} ${label} layer { name: "f" type: "Filter" bottom: "label" bottom: "data" top: "data" }`,
      ),
    ).toThrow("Top blob 'data' produced by multiple sources");
  });

  test("layers that cannot work in place say so", () => {
    expect(() =>
      netOf(
        `${data} layer { name: "p" type: "InnerProduct" bottom: "data" top: "data" inner_product_param { num_output: 3 } }`,
      ),
    ).toThrow(
      "layer \"p\" (InnerProduct): its top 'data' is its bottom. InnerProduct Layer does not allow in-place computation.",
    );
  });

  test.each([
    [
      'layer { name: "l" type: "ReLU" top: "y" }',
      "ReLU Layer takes 1 bottom blob(s) as input, not 0",
    ],
    [
      'layer { name: "l" type: "ReLU" bottom: "data" bottom: "label" top: "y" }',
      "ReLU Layer takes 1 bottom",
    ],
    [
      'layer { name: "l" type: "ReLU" bottom: "data" }',
      "ReLU Layer produces 1 top blob(s) as output, not 0",
    ],
    [
      'layer { name: "l" type: "Eltwise" bottom: "data" top: "y" }',
      "Eltwise Layer takes at least 2 bottom",
    ],
    [
      'layer { name: "l" type: "Scale" bottom: "data" bottom: "label" bottom: "label" top: "y" }',
      "Scale Layer takes at most 2 bottom",
    ],
    ['layer { name: "l" type: "Concat" bottom: "data" }', "Concat Layer produces 1 top"],
    [
      'layer { name: "l" type: "Accuracy" bottom: "data" bottom: "label" top: "x" top: "y" top: "z" }',
      "Accuracy Layer produces at most 2 top",
    ],
    [
      'layer { name: "l" type: "Convolution" bottom: "data" top: "x" top: "y" }',
      "Convolution Layer produces one top blob as output for each bottom blob input",
    ],
    ['layer { name: "l" type: "Input" bottom: "data" top: "y" }', "Input Layer takes 0 bottom"],
  ])("counts bottoms and tops: %s", (text, message) => {
    expect(() => netOf(`${data} ${label} ${text}`)).toThrow(message);
  });

  test("an unknown type lists the known ones, the nearest first, before anything is set up", () => {
    const { log, lines } = keptLog();
    expect(() => netOf(`${data} layer { name: "l" type: "Relu" }`, { log })).toThrow(
      'layer "l" (Relu): Unknown layer type: Relu. Did you mean "ReLU"? (known types: APL, AbsVal, Accuracy,',
    );
    expect(lines.filter((line) => line.includes("Creating"))).toEqual([]);
  });

  test("an unknown type that differs from a known one in capitals alone is a slip, whoever else has it", () => {
    expect(() => netOf(`${data} layer { name: "l" type: "SELU" }`)).toThrow(
      'Unknown layer type: SELU. Did you mean "SeLU"?',
    );
    expect(() => netOf(`${data} layer { name: "l" type: "Mish" }`)).toThrow(
      "Unknown layer type: Mish. It is a layer of other Caffes",
    );
  });

  test("loss_weight stands once for each top, or not at all", async () => {
    const loss = (more: string): string =>
      `${data} layer { name: "r" type: "Reduction" bottom: "data" top: "r" ${more} }`;
    const net = netOf(loss("loss_weight: 0.5"));
    net.blob("data").dataMem.overwriteCpu().set([1, 2, 3, 4, 5, 6]);
    expect(await net.forward()).toBe(10.5);
    expect([...net.blob("r").diffValues()]).toEqual([0.5]);
    expect(() => netOf(loss("loss_weight: 1 loss_weight: 1"))).toThrow(
      "2 loss_weight entries for 1 tops. Expected none or one for each top",
    );
  });

  test("a layer's phase is the net's, unless it has its own", () => {
    const net = netOf(
      `${data} layer { name: "a" type: "Dropout" bottom: "data" top: "x" phase: TEST } layer { name: "b" type: "Dropout" bottom: "x" top: "y" }`,
    );
    expect(net.layers.map(({ phase }) => phase)).toEqual(["TRAIN", "TEST", "TRAIN"]);
  });

  test("errors name file and line of the layer", () => {
    const text = `${data}\nlayer {\n  name: "ip"\n  type: "InnerProduct"\n  bottom: "data"\n  top: "ip"\n}`;
    expect(
      () =>
        new Net(parsePrototxt("NetParameter", text, "some.prototxt"), {
          engines: referenceEngines,
          phase: "TEST",
        }),
    ).toThrow('some.prototxt:3: layer "ip" (InnerProduct): inner_product_param.num_output is 0');
  });

  test("what was set up is closed where a later layer fails", () => {
    const closed: string[] = [];
    class OpenedLayer extends Layer {
      static override readonly type: string = "Opened";
      static override readonly needs = [];
      static override readonly bottoms = arity.none;
      override reshape(): void {}
      override forward(): void {}
      override backward(): void {}
      override close(): void {
        closed.push(this.param.name ?? "");
      }
    }
    const registry = new LayerRegistry().with(OpenedLayer);
    const opened = 'layer { name: "o" type: "Opened" top: "o" }';
    expect(() =>
      netOf(`${opened} layer { name: "p" type: "Pooling" bottom: "o" top: "p" }`, { registry }),
    ).toThrow("Expected four axes");
    expect(closed).toEqual(["o"]);
  });

  test("each layer runs on the first engine that has all it needs", () => {
    const reference: Engine = referenceOf(referenceEngines);
    const partial = { name: "native", softmax: reference.softmax.bind(reference) } as const;
    const net = netOf(
      `${data} layer { name: "a" type: "Softmax" bottom: "data" top: "a" } layer { name: "b" type: "ReLU" bottom: "a" top: "b" }`,
      { engines: [partial, reference] },
    );
    expect(net.layers.map(({ engineName }) => engineName)).toEqual([
      "native",
      "native",
      "reference",
    ]);
  });
});
