import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const seg = (bottoms = 'bottom: "a" bottom: "b"'): string =>
  `type: "YoloSeg" ${bottoms} top: "y" yolo_seg_param { object_scale: 2 }`;

describeEngines("YoloSeg", (engines) => {
  test("adds up squares of what is off, and passes that back", async () => {
    const net = layerNet(
      seg(),
      [
        [2, 1, 1, 2],
        [2, 1, 1, 2],
      ],
      { engines },
    );
    // δ = 2 · (½ − t): −1, 1, 1, 0.
    expect((await forward(net, [0, 0, 0, 0], [1, 0, 0, 0.5]))[0]).toBeAllClose([1.5]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toBeAllClose([-0.5, 0.5, 0.5, 0]);
  });

  test("weighs the pixels of a class by how many they are", async () => {
    const layer = seg('bottom: "a" bottom: "b" bottom: "c"');
    const net = layerNet(
      layer,
      [
        [1, 1, 1, 4],
        [1, 1, 1, 4],
        [1, 1],
      ],
      { engines },
    );
    // One of four: 2 · (2 − 1/3) · ½ there, and 1 elsewhere.
    const [loss] = await forward(net, [0, 0, 0, 0], [1, 0, 0, 0], [1]);
    expect(loss).toBeAllClose([(5 / 3) ** 2 + 3]);
  });
});

test.each([
  [
    seg(),
    [
      [1, 2, 2],
      [1, 2, 3],
    ],
    "Expected one shape",
  ],
  [
    seg('bottom: "a" bottom: "b" bottom: "c"'),
    [
      [1, 2, 2],
      [1, 2, 2],
      [1, 3],
    ],
    "Expected (1,2)",
  ],
])("YoloSeg refuses %s of shapes %j", (layer, given, message) => {
  expect(() => layerNet(layer, given)).toThrow(message);
});
