import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const accuracy = (param = "", tops = 'top: "y"') =>
  `type: "Accuracy" bottom: "a" bottom: "b" ${tops} accuracy_param { ${param} }`;

describeEngines("Accuracy", (engines) => {
  test("is the share of labels with the highest score; ties count against", async () => {
    const net = layerNet(accuracy(), [[4, 2], [4]], { engines, phase: "TEST" });
    expect(await forward(net, [0, 1, 1, 0, 5, 5, 2, 3], [1, 1, 0, 1])).toEqual([[0.5]]);
  });

  test("of scores that are NaN is 0, whoever else is", async () => {
    const nan = Number.NaN;
    const net = layerNet(accuracy(), [[4, 2], [4]], { engines, phase: "TEST" });
    expect(await forward(net, [nan, nan, 1, nan, nan, 1, 2, 1], [0, 1, 1, 0])).toEqual([[0.5]]);
    const one = layerNet(
      accuracy("top_k: 2"),
      [
        [2, 3, 2],
        [2, 2],
      ],
      { engines, phase: "TEST" },
    );
    expect(await forward(one, Array(12).fill(nan), [0, 1, 2, 0])).toEqual([[0]]);
  });

  test("looks at the top k, passes over ignored labels, and counts by class", async () => {
    const top2 = layerNet(accuracy("top_k: 2"), [[2, 3], [2]], { engines });
    expect(await forward(top2, [3, 2, 1, 3, 2, 1], [1, 2])).toEqual([[0.5]]);
    const classes = layerNet(accuracy("ignore_label: 2", 'top: "y" top: "z"'), [[3, 3], [3]], {
      engines,
    });
    expect(await forward(classes, [3, 2, 1, 3, 2, 1, 0, 0, 9], [0, 1, 2])).toEqual([
      [0.5],
      [1, 0, 0],
    ]);
  });
});

test("Accuracy of the top k wants k classes at least, 0 where nothing counts", async () => {
  expect(() => layerNet(accuracy("top_k: 4"), [[9, 3], [9]])).toThrow(
    "top_k is 4. Expected at most the 3 classes",
  );
  const none = layerNet(accuracy("ignore_label: 1"), [[2, 3], [2]]);
  expect(await forward(none, [1, 2, 3, 1, 2, 3], [1, 1])).toEqual([[0]]);
});

test("Accuracy of distances counts the least", async () => {
  const net = layerNet(accuracy("min_is_better: true"), [[2, 3], [2]]);
  expect(await forward(net, [3, 1, 2, 1, 2, 3], [1, 2])).toEqual([[0.5]]);
});

test("Accuracy along another axis", async () => {
  const net = layerNet(accuracy("axis: 0"), [[3, 2], [2]]);
  expect(await forward(net, [9, 0, 1, 1, 2, 2], [0, 1])).toEqual([[0.5]]);
});

test("Accuracy wants a label for each position", () => {
  expect(() => layerNet(accuracy(), [[2, 2], [3]])).toThrow(
    "Number of labels must match number of predictions: expected 2",
  );
});
