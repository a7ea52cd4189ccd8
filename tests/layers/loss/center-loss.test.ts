import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const center = (more = ""): string =>
  `type: "CenterLoss" bottom: "a" bottom: "b" top: "y" center_loss_param { num_output: 3 } blobs { shape { dim: 3 dim: 2 } data: [0, 0, 1, 1, 5, 5] } ${more}`;

describeEngines("CenterLoss", (engines) => {
  test.each([
    ["", [0, 0, 0, 0, 0, 0]],
    ["loss_weight: 3", [1, 0, 0, 2, 0, 1]],
  ])("draws features to their centre, and centres to their features: %s", async (more, dx) => {
    const net = layerNet(center(more), [[3, 2], [3]], { engines });
    expect((await forward(net, [1, 0, 1, 3, 1, 2], [0, 1, 1]))[0]).toBeAllClose([1]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toBeAllClose(dx);
    const [centres] = net.learnableParams;
    expect(Array.from(centres?.blob.diffValues() ?? [])).toBeAllClose([-0.5, 0, 0, -1, 0, 0]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, center("loss_weight: 2"), [[4, 2], [4]], [
      undefined,
      [0, 2, 2, 1],
    ] as never);
  });
});

test.each([3, -1, Number.NaN])("CenterLoss refuses label %f", async (label) => {
  const net = layerNet(center(), [[1, 2], [1]]);
  await expect(forward(net, [1, 2], [label])).rejects.toThrow(
    `label ${label} at position 0. Expected 0 to 2, a class.`,
  );
});

test.each([
  ["center_loss_param { }", [[2, 2], [2]], "num_output is 0"],
  ["center_loss_param { num_output: 2 }", [[2, 2], [3]], "3 labels, shape (3), for 2 samples"],
])("CenterLoss refuses %s of shapes %j", (param, shapes, message) => {
  const layer = `type: "CenterLoss" bottom: "a" bottom: "b" top: "y" ${param}`;
  expect(() => layerNet(layer, shapes)).toThrow(message);
});
