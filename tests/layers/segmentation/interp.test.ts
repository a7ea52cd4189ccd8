import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, noise } from "../../support/nets.ts";

const interp = (param: string): string =>
  `type: "Interp" bottom: "a" top: "y" interp_param { ${param} }`;

describeEngines("Interp", (engines) => {
  test.each([
    ["height: 3 width: 3", [0, 1, 2, 2, 3, 4, 4, 5, 6]],
    ["height: 1 width: 1", [0]],
    ["height: 2 width: 2", [0, 2, 4, 6]],
    ["height: 2 width: 3", [0, 1, 2, 4, 5, 6]],
  ])("puts corners upon corners: %s", async (param, output) => {
    const net = layerNet(interp(param), [[1, 1, 2, 2]], { engines });
    expect((await forward(net, [0, 2, 4, 6]))[0]).toBeAllClose(output);
  });

  test("leaves out what is padded away", async () => {
    const net = layerNet(interp("zoom_factor: 2 pad_beg: -1"), [[1, 1, 3, 3]], { engines });
    const [y] = await forward(net, [9, 9, 9, 9, 0, 2, 9, 4, 6]);
    expect(y).toBeAllClose([0, 1, 2, 2, 3, 4, 4, 5, 6]);
  });

  test("takes the size of its second bottom", async () => {
    const layer = interp("use_blob_size: true").replace("top:", 'bottom: "b" top:');
    const net = layerNet(
      layer,
      [
        [1, 1, 2, 2],
        [5, 4, 2, 3],
      ],
      { engines },
    );
    expect((await forward(net, [0, 2, 4, 6], noise(120)))[0]).toBeAllClose([0, 1, 2, 4, 5, 6]);
    net.blob("b").reshape([1, 1, 1, 2]);
    net.reshape();
    expect((await forward(net, [0, 2, 4, 6], [0, 0]))[0]).toBeAllClose([0, 2]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, interp("height: 7 width: 3"), [[2, 3, 4, 5]]);
  });
});

test.each([
  ["shrink_factor: 3", 3],
  ["zoom_factor: 3", 22],
  ["zoom_factor: 3 shrink_factor: 2", 10],
  ["zoom_factor: 3 shrink_factor: 2 height: 5 width: 5", 5],
  ["zoom_factor: 3 height: 5 width: 5", 22],
])("Interp makes of 8: %s", (param, length) => {
  expect(layerNet(interp(param), [[1, 1, 8, 8]]).blob("y").shape).toEqual([1, 1, length, length]);
});

test.each([
  ["", [1, 1, 2, 2], "has no size"],
  ["height: 3", [1, 1, 2, 2], "has no size"],
  ["zoom_factor: 0", [1, 1, 2, 2], "interp_param.zoom_factor is 0. Expected 1 or more"],
  ["zoom_factor: 2 pad_end: 1", [1, 1, 2, 2], "only supports non-pos padding"],
  ["zoom_factor: 2 pad_end: -2", [1, 1, 2, 2], "would become 0 × 0"],
  ["height: 0 width: 3", [1, 1, 2, 2], "then 0 × 3"],
  ["zoom_factor: 2", [2, 2], "Expected four axes"],
  ["use_blob_size: true", [1, 1, 2, 2], "1 bottoms with use_blob_size: true"],
])("Interp refuses %s of a bottom of shape %j", (param, shape, message) => {
  expect(() => layerNet(interp(param), [shape])).toThrow(message);
});
