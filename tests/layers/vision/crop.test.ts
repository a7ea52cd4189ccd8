import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

const image = Array.from({ length: 12 }, (_, i) => i);

describeEngines("Crop", (engines) => {
  test.each([
    ["", [0, 1, 4, 5], [1, 1, 2, 2]],
    ["crop_param { offset: 1 }", [5, 6, 9, 10], [1, 1, 2, 2]],
    ["crop_param { offset: 0 offset: 2 }", [2, 3, 6, 7], [1, 1, 2, 2]],
    ["crop_param { axis: -1 offset: 1 }", [1, 2, 5, 6, 9, 10], [1, 1, 3, 2]],
  ])("cuts: %s", async (param, output, shape) => {
    const net = layerNet(
      `type: "Crop" bottom: "a" bottom: "b" top: "y" ${param}`,
      [
        [1, 1, 3, 4],
        [1, 1, 2, 2],
      ],
      { engines },
    );
    expect(await forward(net, image, [0, 0, 0, 0])).toEqual([output]);
    expect(net.blob("y").shape).toEqual(shape);
  });
});

test.each(["", "crop_param { offset: 1 }", "crop_param { axis: 1 offset: 1 offset: 0 offset: 1 }"])(
  "the gradient of Crop agrees with differences: %s",
  async (param) => {
    await checkGradient(
      `type: "Crop" bottom: "a" bottom: "b" top: "y" ${param}`,
      [
        [2, 3, 3, 3],
        [2, 2, 2, 2],
      ],
      {},
    );
  },
);

test.each([
  [
    "crop_param { offset: 2 }",
    "the crop for dimension 2 is out-of-bounds with size 2 and offset 2",
  ],
  ["crop_param { offset: 0 offset: 0 offset: 0 }", "number of offset values"],
])("Crop refuses %s", (param, message) => {
  expect(() =>
    layerNet(`type: "Crop" bottom: "a" bottom: "b" top: "y" ${param}`, [
      [1, 1, 3, 3],
      [1, 1, 2, 2],
    ]),
  ).toThrow(message);
});
