import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "EltwiseAffine" bottom: "a" top: "y" eltwise_affine_param { ${param} }`;

describeEngines("EltwiseAffine", (engines) => {
  test("is a line, 1.0001 and 0.0001 at first", async () => {
    const net = layerNet(layer(""), [[1, 2, 2]], { engines });
    expect((await forward(net, [1, 2, -3, 4]))[0]).toBeAllClose([1.0002, 2.0003, -3.0002, 4.0005]);
    expect(net.params.get("t")!.map((blob) => blob.shape)).toEqual([[2], [2]]);
  });

  test("agrees with the reference", async () => {
    const filled = 'slope_filler { type: "uniform" } bias_filler { type: "uniform" }';
    await checkParity(engines, layer(filled), [[2, 3, 4, 5]]);
  });
});

test("EltwiseAffine shares one line among channels, and takes one bottom", () => {
  const net = layerNet(layer("channel_shared: true"), [[1, 2, 2]]);
  expect(net.params.get("t")!.map((blob) => blob.shape)).toEqual([[], []]);
  const two = 'type: "EltwiseAffine" bottom: "a" bottom: "b" top: "y"';
  expect(() => layerNet(two, [[1, 2], [2]])).toThrow("2 bottoms. Expected 1");
});
