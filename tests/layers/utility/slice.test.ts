import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet, write } from "../../support/nets.ts";

describeEngines("Slice", (engines) => {
  test.each([
    [
      "equal parts",
      "",
      [
        [1, 2, 5, 6],
        [3, 4, 7, 8],
      ],
    ],
    [
      "points",
      "slice_param { slice_point: 1 }",
      [
        [1, 5],
        [2, 3, 4, 6, 7, 8],
      ],
    ],
    [
      "axis from the end",
      "slice_param { axis: -2 }",
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ],
    [
      "the old slice_dim",
      "slice_param { slice_dim: 0 }",
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ],
  ])("cuts: %s", async (_name, param, parts) => {
    const net = layerNet(`type: "Slice" bottom: "a" top: "y" top: "z" ${param}`, [[2, 4]], {
      engines,
    });
    expect(await forward(net, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual(parts);
  });

  test("lets the last top be empty", async () => {
    const net = layerNet(
      'type: "Slice" bottom: "a" top: "y" top: "z" slice_param { slice_point: 2 }',
      [[2, 2]],
      { engines },
    );
    expect(net.blob("z").shape).toEqual([2, 0]);
    expect(await forward(net, [1, 2, 3, 4])).toEqual([[1, 2, 3, 4], []]);
    write(net.blob("y"), [0, 0, 0, 0]);
    net.blob("y").diffMem.overwriteCpu().set([5, 6, 7, 8]);
    await net.backward();
    await net.toHost();
    expect([...net.blob("a").diffValues()]).toEqual([5, 6, 7, 8]);
  });

  test("agrees with the reference", async () => {
    await checkParity(
      engines,
      'type: "Slice" bottom: "a" top: "y" top: "z" slice_param { slice_point: 16 }',
      [[2, 48, 3, 3]],
    );
  });
});

test.each([
  'top: "y" top: "z" top: "x"',
  'top: "y"',
  'top: "y" top: "z" slice_param { axis: 2 slice_point: 1 }',
])("the gradient of Slice agrees with differences: %s", async (text) => {
  await checkGradient(`type: "Slice" bottom: "a" ${text}`, [[2, 3, 4]]);
});

test.each([
  ['top: "y" top: "z"', "should evenly divide input slice axis (3)"],
  [
    'top: "y" top: "z" slice_param { slice_point: 1 slice_point: 2 }',
    "slice_point is given 2 times. Expected 1",
  ],
  ['top: "y" top: "z" slice_param { slice_point: 4 }', "Expected rising points"],
  ['top: "y" slice_param { axis: 1 slice_dim: 1 }', "not both"],
])("Slice refuses %s", (text, message) => {
  expect(() => layerNet(`type: "Slice" bottom: "a" ${text}`, [[2, 3]])).toThrow(message);
});
