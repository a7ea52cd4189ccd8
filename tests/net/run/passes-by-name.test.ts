// The Net as pycaffe's users know it: blobs, parameters, inputs and outputs by name.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Blob } from "../../../src/blob/blob.ts";
import { readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { Net } from "../../../src/net/net.ts";
import { setRandomSeed } from "../../../src/util/seed.ts";
import { describeEngines, referenceEngines } from "../../support/engines.ts";
import { layerNet } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

/** y = x · Wᵀ with W = [[1, 2], [3, 4]], then relu in place, then the sum of each sample. */
const TEXT = `
  name: "small" force_backward: true
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 2 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
    inner_product_param { num_output: 2 bias_term: false }
    blobs { shape { dim: 2 dim: 2 } data: 1 data: 2 data: 3 data: 4 } }
  layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
  layer { name: "sum" type: "Reduction" bottom: "ip" top: "sum" reduction_param { axis: 1 } }`;

const small = (): Net => Net.parse(TEXT, { engines: referenceEngines });

test("a net is made of a file, a text or an object", () => {
  const file = join(folder, "small.prototxt");
  writeFileSync(file, TEXT);
  for (const net of [
    new Net(file),
    Net.parse(TEXT),
    new Net({ layer: [{ name: "x", type: "Input", top: ["x"] }] }),
    new Net({ input: ["x"], input_shape: [{ dim: [1, 2] }] }),
  ]) {
    expect(net.phase).toBe("TEST");
    expect(net.inputs).toEqual(["x"]);
  }
  expect(Net.parse(TEXT, { phase: "TRAIN" }).phase).toBe("TRAIN");
  expect(() => new Net(join(folder, "none.prototxt"))).toThrow("no such file");
  expect(() => Net.parse("layer { nme: 'x' }")).toThrow('Did you mean "name"?');
});

test("blobs, params, layers, inputs and outputs by name", () => {
  const net = small();
  expect([...net.blobs.keys()]).toEqual(["x", "ip", "sum"]);
  expect([...net.params.keys()]).toEqual(["ip"]);
  expect(net.params.get("ip")?.[0]?.toArray()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(net.layer("relu").param.type).toBe("ReLU");
  expect(net.outputs).toEqual(["sum"]);
  expect(net.topNames("relu")).toEqual(["ip"]);
  expect(net.bottomNames("sum")).toEqual(["ip"]);
  expect(() => net.layer("relo")).toThrow('has no layer "relo". Did you mean "relu"?');
  expect(() => net.blob("sun")).toThrow('has no blob "sun". Did you mean "sum"?');
});

test("forward takes inputs and gives outputs, and what else is asked for", async () => {
  const net = small();
  const { sum, ip } = await net.forward<"sum" | "ip">(
    {
      x: [
        [1, 1],
        [0, 1],
      ],
    },
    { blobs: ["ip"] },
  );
  expect(ip.toArray()).toEqual([
    [3, 7],
    [2, 4],
  ]);
  expect(sum.toArray()).toEqual([10, 6]);
  expect((await net.forward<"sum">({ x: [1, 0, 0, 0] })).sum.toArray()).toEqual([4, 0]);
});

test("an input with a shape of its own reshapes the net; a flat one must fit", async () => {
  const net = small();
  const { sum } = await net.forward<"sum">({ x: [[1, 1]] });
  expect(sum.shape).toEqual([1]);
  const two = { x: [Blob.from([1, 1]), Blob.from([0, 1])].map((blob) => blob.toValue()) };
  expect((await net.forward<"sum">(two)).sum.toArray()).toEqual([10, 6]);
  await expect(net.forward({ x: [1, 2, 3] })).rejects.toThrow(
    'blob "x" of shape (2,2) is given 3 values. Expected 4',
  );
  await expect(net.forward({ y: [1] })).rejects.toThrow('has no input "y"');
});

test("a pass may begin and end at a layer", async () => {
  const net = small();
  await net.forward({ x: [1, 1, 0, 1] });
  net.blob("ip").assign([1, -2, 3, 4]);
  const { ip } = await net.forward<"ip">({}, { start: "relu", end: "relu" });
  expect(ip.toArray()).toEqual([
    [1, 0],
    [3, 4],
  ]);
  await expect(net.forward({}, { start: "none" })).rejects.toThrow('no layer "none"');
});

test("backward takes gradients of outputs and gives those of inputs", async () => {
  const net = small();
  await net.forward({ x: [1, 1, 0, 1] });
  const { x, ip } = await net.backward<"x" | "ip">({ sum: [1, 10] }, { blobs: ["ip"] });
  expect(x.toArray("diff")).toEqual([
    [4, 6],
    [40, 60],
  ]);
  expect(ip.toArray("diff")).toEqual([
    [1, 1],
    [10, 10],
  ]);
  const { ip: bottom } = await net.backward<"ip">({}, { end: "sum" });
  expect(bottom.toArray()).toEqual(net.blob("ip").toArray());
  expect(bottom.toArray("diff")).toEqual(net.blob("ip").toArray("diff"));
  await expect(net.backward({ sum: [1] })).rejects.toThrow("is given 1 values. Expected 2");
});

describeEngines("passes over all samples", (engines) => {
  test("bring to the host what lies on a device", async () => {
    const net = layerNet(
      'type: "InnerProduct" bottom: "a" top: "h" inner_product_param { num_output: 1 bias_term: false weight_filler { value: 2 } } } layer { name: "r" type: "ReLU" bottom: "h" top: "y"',
      [[2, 1]],
      { engines },
    );
    const a = [[1], [-2], [3]];
    const { y, h } = await net.forwardAll<"y" | "h">({ a }, { blobs: ["h"] });
    expect([y.toArray(), h.toArray()]).toEqual([
      [[2], [0], [6]],
      [[2], [-4], [6]],
    ]);
    const topDiffs = { y: [[1], [5], [10]] };
    const { blobs, diffs } = await net.forwardBackwardAll({ a }, topDiffs, { diffs: ["h"] });
    expect(blobs["y"]?.toArray()).toEqual([[2], [0], [6]]);
    expect(diffs["a"]?.toArray()).toEqual([[2], [0], [20]]);
    expect(diffs["h"]?.toArray()).toEqual([[1], [0], [10]]);
  });
});

test("forwardAll runs any number of samples and gives results of their own", async () => {
  const net = small();
  const x = [
    [1, 1],
    [0, 1],
    [2, 0],
  ];
  const { sum, ip } = await net.forwardAll<"sum" | "ip">({ x }, { blobs: ["ip"] });
  expect(sum.toArray()).toEqual([10, 6, 8]);
  expect(ip.shape).toEqual([3, 2]);
  expect(net.blob("x").shape).toEqual([2, 2]);
  await expect(net.forwardAll({})).rejects.toThrow("Expected one number of samples");
});

test("forwardBackwardAll also gives gradients of all samples", async () => {
  const net = small();
  const x = [
    [1, 1],
    [0, 1],
    [2, 0],
  ];
  const { blobs, diffs } = await net.forwardBackwardAll({ x }, { sum: [1, 2, 3] });
  expect(blobs["sum"]?.toArray()).toEqual([10, 6, 8]);
  expect(diffs["x"]?.toArray()).toEqual([
    [4, 6],
    [8, 12],
    [12, 18],
  ]);
  await expect(net.forwardBackwardAll({ x }, { sum: [1] })).rejects.toThrow(
    '3 samples for "x", 1 samples for "sum"',
  );
});

test("a blob without a batch axis comes once for each batch", async () => {
  const net = Net.parse(
    `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 1 } } }
     layer { name: "all" type: "Reduction" bottom: "x" top: "all" }`,
  );
  const { all } = await net.forwardAll<"all">({ x: [[1], [2], [3]] });
  expect(all.toArray()).toEqual([3, 3]);
});

test("callbacks see each layer's index, before and after", async () => {
  const net = small();
  const seen: string[] = [];
  net.beforeForward.push((i) => seen.push(`<${net.layerNames[i]}`));
  net.afterForward.push((i) => seen.push(`${net.layerNames[i]}>`));
  net.beforeBackward.push((i) => seen.push(`[${net.layerNames[i]}`));
  net.afterBackward.push((i) => seen.push(`${net.layerNames[i]}]`));
  await net.forward(0, 1);
  await net.backward(1, 1);
  expect(seen).toEqual(["<x", "x>", "<ip", "ip>", "[ip", "ip]"]);
});

test("weights are saved, copied and shared", async () => {
  const path = join(folder, "small.caffemodel");
  const net = small();
  net.save(path);
  const other = Net.parse(TEXT.replace(/blobs \{[^}]*\{[^}]*\}[^}]*\}/, ""), { weights: path });
  expect(other.params.get("ip")?.[0]?.toArray()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  net.params.get("ip")?.[0]?.set([0, 0], 5);
  other.copyFrom([path, path]);
  expect(other.params.get("ip")?.[0]?.at(0, 0)).toBe(1);
  const hdf5 = join(folder, "small.caffemodel.h5");
  net.saveHdf5(hdf5);
  other.copyFrom(hdf5);
  expect(other.params.get("ip")?.[0]?.at(0, 0)).toBe(5);
  other.copyFrom(readCaffemodel(path));
  expect(other.params.get("ip")?.[0]?.at(0, 0)).toBe(1);
  expect(() => Net.parse(TEXT, { weights: join(folder, "none") })).toThrow("no such file");
});

test("a net is disposed of by using, and closing twice does no harm", async () => {
  let kept: Net;
  {
    using net = small();
    kept = net;
  }
  kept.close();
  await expect(kept.forward()).rejects.toThrow('net "small" is closed');
  expect(kept.blob("x").shape).toEqual([0]);
});

test("weights that nets share outlive the one that is closed first", async () => {
  const [one, other] = [small(), small()];
  other.shareWith(one);
  one.close();
  expect((await other.forward<"sum">({ x: [1, 1, 0, 1] })).sum.toArray()).toEqual([10, 6]);
  other.close();
});

test("nets of one seed have the same weights, whoever sets it", () => {
  const text = TEXT.replace(/blobs \{[^}]*\{[^}]*\}[^}]*\}/, "").replace(
    "bias_term: false",
    'bias_term: false weight_filler { type: "xavier" }',
  );
  const weights = (seed?: number): unknown =>
    Net.parse(text, seed === undefined ? {} : { seed })
      .params.get("ip")?.[0]
      ?.toArray();
  expect(weights(5)).toEqual(weights(5));
  expect(weights(5)).not.toEqual(weights(1));
  expect(weights()).toEqual(weights(1));
  setRandomSeed(5);
  expect(weights()).toEqual(weights(5));
});
