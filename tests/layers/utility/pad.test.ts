import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string => `type: "Pad" bottom: "a" top: "y" pad_param { ${param} }`;

describeEngines("Pad", (engines) => {
  test.each([
    ["", [0, 0, 0, 0, 1, 2, 0, 3, 4]],
    ["constant_values: -7", [-7, -7, -7, -7, 1, 2, -7, 3, 4]],
  ])("puts a margin around: %s", async (param, want) => {
    const net = layerNet(layer(`paddings: [1, 0, 1, 0] ${param}`), [[2, 2]], { engines });
    expect(await forward(net, [1, 2, 3, 4])).toEqual([want]);
  });

  test("agrees with the reference", async () => {
    const param = "paddings: [0, 0, 0, 0, 1, 2, 3, 0] constant_values: 2";
    await checkParity(engines, layer(param), [[2, 3, 4, 5]]);
  });
});

test("Pad wants two paddings for each axis", () => {
  expect(() => layerNet(layer("paddings: [1, 1]"), [[2, 2]])).toThrow(
    "2 paddings for bottom shape (2,2). Expected two for each axis.",
  );
});
