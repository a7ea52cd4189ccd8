import { afterAll, describe, expect, test } from "vitest";
import { explain, METHODS } from "../../src/explain/explain.ts";
import { ExplainedNet } from "../../src/explain/explained-net.ts";
import { gradCamOf } from "../../src/explain/grad-cam.ts";
import { Classifier } from "../../src/inference/classifier.ts";
import { parseNetParameter } from "../../src/io/text/read-net.ts";

const opened: Classifier[] = [];
afterAll(() => {
  for (const one of opened) one.close();
});

function classifierOf(layers: string): Classifier {
  const text = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 3 dim: 3 } } }\n${layers}`;
  const one = new Classifier(
    parseNetParameter(text, "net", () => {}),
    {
      forceBackward: true,
      fuse: false,
      silent: true,
    },
  );
  opened.push(one);
  return one;
}

const image = {
  shape: [3, 3, 1] as const,
  data: Float32Array.from({ length: 9 }, (_, i) => i / 9),
};
const input = { shape: [1, 1, 3, 3], data: image.data };

test("the gradient of a linear score is its weights, whatever the softmax behind it says", async () => {
  const classifier = classifierOf(
    `layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
     layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`,
  );
  const weights = Float32Array.from({ length: 18 }, (_, i) => (i % 5) - 2);
  classifier.net.layer("ip").blobs[0]?.data.set(weights);
  const net = new ExplainedNet(classifier);
  await net.scores(input);
  for (const index of [0, 1]) {
    const { shape, data } = await net.imageGradient(index);
    expect(shape).toEqual([1, 1, 3, 3]);
    expect([...(data as Float32Array)]).toEqual([...weights.subarray(9 * index, 9 * index + 9)]);
  }
  expect(net.maps).toEqual([]);
  await expect(explain(classifier, image, { methods: ["grad-cam"] })).rejects.toThrow(
    "has no map of features with more than one place",
  );
});

describe("a net whose scores are weighted means of its maps", () => {
  const classifier = classifierOf(
    `layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 1 } }
     layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
     layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: AVE global_pooling: true } }
     layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 2 } }
     layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`,
  );
  const [conv, ip] = ["conv", "ip"].map((name) => classifier.net.layer(name));
  conv?.blobs[0]?.data.set([1, -2]);
  conv?.blobs[1]?.data.set([-0.3, 1]);
  const weights = [3, -1, -2, 4];
  ip?.blobs[0]?.data.set(weights);

  test("has its class activation map for Grad-CAM, behind the ReLU in place, over the number of places", async () => {
    const net = new ExplainedNet(classifier);
    expect(net.lastMap).toBe("conv");
    expect(net.mapNamed("relu")).toBe("conv");
    await net.scores(input);
    for (const index of [0, 1]) {
      const { features, gradient } = await net.mapGradient("conv", index);
      const [a, b] = [0, 1].map(
        (k) => (i: number) => (features.data as Float32Array)[9 * k + i] ?? 0,
      );
      expect(a?.(0)).toBe(0);
      expect(a?.(8)).toBeCloseTo(8 / 9 - 0.3, 5);
      const [u = 0, v = 0] = weights.slice(2 * index);
      const cam = Array.from({ length: 9 }, (_, i) =>
        Math.max(0, (u * (a?.(i) ?? 0) + v * (b?.(i) ?? 0)) / 9),
      );
      for (const [i, value] of gradCamOf(features, gradient).values.entries()) {
        expect(value).toBeCloseTo(cam[i] ?? 0, 6);
      }
    }
  });

  test("is explained by every method, for the best class or the one that is asked for", async () => {
    const found = await explain(classifier, image, { methods: METHODS, labels: ["a", "b"] });
    const other = await explain(classifier, image, { methods: [], index: 1 - found.index });
    expect(found.score + other.score).toBeCloseTo(1, 6);
    expect(found.score).toBeGreaterThan(0.5);
    expect(found.label).toBe(["a", "b"][found.index]);
    expect(found.explanations.map(({ method, layer }) => [method, layer])).toEqual([
      ["activations", "conv"],
      ["gradient", undefined],
      ["grad-cam", "conv"],
      ["occlusion", undefined],
    ]);
    for (const { method, picture } of found.explanations) {
      expect(picture.shape[2]).toBe(method === "activations" ? 1 : 3);
      expect(Math.min(picture.shape[0], picture.shape[1])).toBeGreaterThan(100);
      expect(picture.data.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  });

  test("a class or a layer that is not there is named", async () => {
    const methods = ["grad-cam"] as const;
    await expect(explain(classifier, image, { methods, index: 2 })).rejects.toThrow(
      "class 2 is none of the net's 2. Expected 0 to 1.",
    );
    await expect(explain(classifier, image, { methods, layers: ["conf"] })).rejects.toThrow(
      /no map of features "conf".*Expected one of conv\./,
    );
  });
});
