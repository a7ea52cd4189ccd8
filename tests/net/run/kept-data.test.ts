import { describe, expect, test } from "vitest";
import type { JoinedLayer } from "../../../src/net/build/blob-users.ts";
import type { Net } from "../../../src/net/net.ts";
import { keptDataOf } from "../../../src/net/run/kept-data.ts";
import { describeEngines } from "../../support/engines.ts";
import { keptLog, netOf, noise, write } from "../../support/nets.ts";

const input = (name: string, ...shape: number[]): string =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((dim) => `dim: ${dim}`).join(" ")} } } }`;
/** A sigmoid in place, or with a top of its own. */
const sigmoid = (blob: string, top: string): string =>
  `layer { name: "act" type: "Sigmoid" bottom: "${blob}" top: "${top}" }`;
/** A view of x on which a layer works in place: it overwrites what the layer before it has read. */
const overwriting = (blob: string, top: string): string =>
  `layer { name: "flat" type: "Flatten" bottom: "${blob}" top: "flat" } ${sigmoid("flat", top)}`;

/** Nets in which a layer overwrites what another's backward reads, when its top is the bottom that is named. */
const nets: readonly (readonly [name: string, bottom: string, text: (top: string) => string])[] = [
  [
    "LRN across channels, its top",
    "y",
    (top) => `${input("x", 2, 4, 3, 3)}
      layer { name: "t" type: "LRN" bottom: "x" top: "y" lrn_param { local_size: 3 alpha: 1 beta: 0.5 k: 2 } } ${sigmoid("y", top)}`,
  ],
  [
    "LRN within a channel, its top",
    "y",
    (top) => `${input("x", 2, 2, 5, 4)}
      layer { name: "t" type: "LRN" bottom: "x" top: "y" lrn_param { local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL } } ${sigmoid("y", top)}`,
  ],
  [
    "LRN, its bottom through a view",
    "flat",
    (top) => `${input("x", 2, 4, 3, 3)}
      layer { name: "t" type: "LRN" bottom: "x" top: "y" } ${overwriting("x", top)}`,
  ],
  [
    "HingeLoss, its bottom through a view",
    "flat",
    (top) => `${input("x", 2, 4)} ${input("label", 2)}
      layer { name: "t" type: "HingeLoss" bottom: "x" bottom: "label" top: "y" hinge_loss_param { norm: L2 } } ${overwriting("x", top)}`,
  ],
  [
    "SigmoidCrossEntropyLoss, its bottom through a view",
    "flat",
    (top) => `${input("x", 2, 4)} ${input("label", 2, 4)}
      layer { name: "t" type: "SigmoidCrossEntropyLoss" bottom: "x" bottom: "label" top: "y" } ${overwriting("x", top)}`,
  ],
  [
    "ContrastiveLoss, a bottom through a view",
    "flat",
    (top) => `${input("x", 2, 4)} ${input("z", 2, 4)} ${input("label", 2)}
      layer { name: "t" type: "ContrastiveLoss" bottom: "z" bottom: "x" bottom: "label" top: "y" contrastive_loss_param { margin: 4 } } ${overwriting("x", top)}`,
  ],
  [
    "BatchNorm, its bottom through a view",
    "flat",
    (top) => `${input("x", 3, 4, 2, 2)}
      layer { name: "t" type: "BatchNorm" bottom: "x" top: "y" } ${overwriting("x", top)}`,
  ],
];

/** The input's gradient in two passes, the second of another batch size. */
async function gradients(net: Net): Promise<number[][]> {
  const found: number[][] = [];
  for (const batch of [0, 1]) {
    for (const name of net.inputs) {
      const blob = net.blob(name);
      if (batch > 0) blob.reshape([4, ...blob.shape.slice(1)]);
      write(
        blob,
        name === "label" ? blob.values().map((_, i) => i % 2) : noise(blob.count(), batch),
      );
    }
    net.reshape();
    await net.forward();
    for (const name of net.outputs) {
      if (net.lossWeights[net.layerIndex("t")]?.[0] && name === "y") continue;
      const { diffMem } = net.blob(name);
      diffMem.overwriteCpu().set(noise(diffMem.count, 9));
    }
    await net.backward();
    await net.toHost();
    found.push([...net.blob("x").diffValues()]);
  }
  return found;
}

describeEngines("what a layer in place overwrites is kept", (engines) => {
  test.each(nets)("%s", async (_name, bottom, text) => {
    const run = (top: string): Promise<number[][]> =>
      gradients(netOf(`force_backward: true ${text(top)}`, { engines }));
    const [got, want] = [await run(bottom), await run("apart")];
    for (const [pass, values] of want.entries()) expect(got[pass]).toBeAllClose(values);
    expect(want.flat().some((value) => value !== 0)).toBe(true);
  });
});

test("nothing is kept where nobody overwrites it, nor without backward", () => {
  const text = (more: string): string => `${input("x", 2, 4, 3, 3)} ${input("label", 2)}
    layer { name: "conv" type: "Convolution" bottom: "x" top: "conv" convolution_param { num_output: 4 kernel_size: 1 } }
    layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
    layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" }
    layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
    layer { name: "lrn" type: "LRN" bottom: "conv" top: "lrn" }
    ${more}
    layer { name: "ip" type: "InnerProduct" bottom: "lrn" top: "ip" inner_product_param { num_output: 3 } }
    layer { name: "loss" type: "HingeLoss" bottom: "ip" bottom: "label" top: "loss" }`;
  const kept = (more: string, change: Partial<JoinedLayer> = {}): string[] => {
    const net = netOf(text(more));
    const layers = net.layers.map((layer, i) => ({
      layer,
      bottomBlobs: net.bottomBlobs[i] ?? [],
      topBlobs: net.topBlobs[i] ?? [],
      needsBackward: net.layerNeedsBackward[i] ?? false,
      ...change,
    }));
    return keptDataOf(layers).flatMap((one, i) => (one ? [net.layerNames[i] ?? ""] : []));
  };
  expect(kept("")).toEqual([]);
  expect(kept(sigmoid("lrn", "lrn"))).toEqual(["lrn"]);
  expect(kept(sigmoid("lrn", "lrn"), { needsBackward: false })).toEqual([]);
});

describe("a gradient that is none is told of when the net is built", () => {
  const ip = (name: string, bottom: string): string =>
    `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" inner_product_param { num_output: 3 } }`;
  const one = (name: string, type: string, bottom: string, top = bottom, more = ""): string =>
    `layer { name: "${name}" type: "${type}" bottom: "${bottom}" top: "${top}" ${more} }`;
  const told = (text: string, phase: "TRAIN" | "TEST" = "TRAIN", loss = "ip"): string[] => {
    const { log, lines } = keptLog();
    netOf(
      `${input("x", 2, 3)} ${input("t", 2, 3)} ${ip("ip", "x")} ${text}
      layer { name: "loss" type: "EuclideanLoss" bottom: "${loss}" bottom: "t" top: "loss" }`,
      { log, phase },
    );
    return lines.filter((line) => line.includes("the gradient of layer"));
  };
  const warning = (layer: string, what: string, other: string, place: string): string =>
    `the gradient of layer "${layer}" is computed from its ${what}, which layer "${other}" overwrites before that, in place on ${place}: it is not the gradient of what forward computes, as in Caffe. Expected a top of its own for "${other.split('"')[0]}".`;

  test.each(["Sigmoid", "TanH", "Softmax", "MVN", "ELU", "Swish", "Exp"])(
    "%s in place, behind it Dropout in place",
    (type) => {
      const [line, ...more] = told(`${one("f", type, "ip")} ${one("d", "Dropout", "ip")}`);
      expect(more).toEqual([]);
      expect(line).toContain(
        warning("f", 'top "ip"', "d", '"ip"')
          .replace('"f"', `"f" (${type})`)
          .replace('"d" ov', '"d" (Dropout) ov'),
      );
    },
  );

  test("an inner product reads its bottom, which another output of a Split overwrites", () => {
    const split = 'layer { name: "split" type: "Split" bottom: "ip" top: "a" top: "b" }';
    const lines = told(
      `${split} ${ip("ip2", "a")} ${one("r", "ReLU", "b")} layer { name: "s" type: "Eltwise" bottom: "ip2" bottom: "b" top: "sum" }`,
      "TRAIN",
      "sum",
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      'layer "ip2" (InnerProduct) is computed from its bottom "a", which layer "r" (ReLU) overwrites before that, in place on "b", in the same memory as "a": it',
    );
  });

  test("a rectifier's sign is lost in a BatchNorm in place", () => {
    expect(told(`${one("r", "ReLU", "ip")} ${one("bn", "BatchNorm", "ip")}`)).toHaveLength(1);
  });

  test.each([
    [
      "ReLU and Dropout behind an inner product",
      `${one("r", "ReLU", "ip")} ${one("d", "Dropout", "ip")}`,
    ],
    [
      "BatchNorm, Scale and ReLU",
      `${one("b", "BatchNorm", "ip")} ${one("s", "Scale", "ip")} ${one("r", "ReLU", "ip")}`,
    ],
    ["PReLU and Dropout", `${one("p", "PReLU", "ip")} ${one("d", "Dropout", "ip")}`],
    ["Sigmoid by itself", one("f", "Sigmoid", "ip")],
    ["a layer that keeps what it read", `${one("f", "BNLL", "ip")} ${one("d", "Dropout", "ip")}`],
  ])("nothing is said of %s", (_name, text) => {
    expect(told(text)).toEqual([]);
  });

  test("nor where nothing is learned", () => {
    expect(told(`${one("f", "TanH", "ip")} ${one("d", "Dropout", "ip")}`, "TEST")).toEqual([]);
  });
});
