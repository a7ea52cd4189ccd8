import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

const layer = (param = ""): string =>
  `type: "ContrastiveLoss" bottom: "a" bottom: "b" bottom: "c" top: "y" ${param}`;

describeEngines("ContrastiveLoss", (engines) => {
  test.each([
    ["", (9 + (4 - 3) ** 2) / 4],
    ["legacy_version: true", 9 / 4],
  ])("draws together and drives apart: %s", async (param, loss) => {
    const net = layerNet(
      layer(`contrastive_loss_param { margin: 4 ${param} }`),
      [[2, 2], [2, 2], [2]],
      { engines },
    );
    expect((await forward(net, [3, 0, 0, 3], [0, 0, 0, 0], [1, 0]))[0]).toBeAllClose([loss]);
  });

  test("propagate_down for the similarities changes nothing, as in Caffe", async () => {
    const run = async (down: string): Promise<number[]> => {
      const net = layerNet(layer(down), [[1, 2], [1, 2], [1]], { engines });
      await forward(net, [3, 1], [0, 2], [1]);
      await net.backward();
      await net.toHost();
      return ["a", "b"].flatMap((name) => [...net.blob(name).diffValues()]);
    };
    expect(await run("propagate_down: [true, true, true]")).toEqual([3, -1, -3, 1]);
  });
});

test.each([
  ["similar pairs", "", [1, 1, 1]],
  [
    "dissimilar pairs of the old version",
    "contrastive_loss_param { legacy_version: true margin: 5 }",
    [0, 1, 0],
  ],
])("the gradient of ContrastiveLoss agrees with differences: %s", async (_name, param, similar) => {
  await checkGradient(layer(param), [[3, 2], [3, 2], [3]], {
    inputs: [[1, 2, 0.5, -1, 0.3, 0.7], [0.2, -1, 0.1, 0.4, -0.6, 1], similar],
  });
});

test("the gradient of dissimilar pairs divides by a little more than the distance, as Caffe's", async () => {
  const net = layerNet(layer("contrastive_loss_param { margin: 4 }"), [[1, 1], [1, 1], [1]]);
  await forward(net, [3], [0], [0]);
  await net.backward();
  expect(net.blob("a").diffValues()).toBeAllClose([(-(4 - 3) / (3 + 1e-4)) * 3]);
});

test("ContrastiveLoss wants vectors of one length", () => {
  expect(() => layerNet(layer(), [[2, 2], [2, 3], [2]])).toThrow("Expected equal ones");
  expect(() => layerNet(layer(), [[2, 2], [2, 2], [3]])).toThrow("one for each pair");
});
