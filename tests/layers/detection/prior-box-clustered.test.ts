import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "PriorBoxClustered" bottom: "a" bottom: "b" top: "y" prior_box_param { ${param} }`;
const shapes = [
  [1, 1, 1, 2],
  [1, 3, 10, 20],
];

describeEngines("PriorBoxClustered", (engines) => {
  test("sizes of clusters are not cut to whole pixels", async () => {
    const net = layerNet(layer("width: 4.5 width: 2 height: 1 height: 5"), shapes, { engines });
    const [boxes = []] = await forward(net, [], []);
    expect(boxes.slice(0, 8)).toBeAllClose([0.1375, 0.45, 0.3625, 0.55, 0.2, 0.25, 0.3, 0.75]);
  });
});

test("there are as many heights as widths", () => {
  expect(() => layerNet(layer("width: 3"), shapes)).toThrow("1 width and 0 height");
});
