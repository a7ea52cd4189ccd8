import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import {
  checkGradient,
  checkParity,
  forward,
  keptLog,
  layerNet,
  noise,
} from "../../support/nets.ts";

describeEngines("SoftmaxWithLoss", (engines) => {
  const loss = (more = "") => `type: "SoftmaxWithLoss" bottom: "a" bottom: "b" top: "y" ${more}`;

  test("is the mean of minus the logarithm of the label's probability", async () => {
    const net = layerNet(loss(), [[2, 2], [2]], { engines });
    expect((await forward(net, [0, Math.log(3), 0, 0], [1, 0]))[0]).toBeAllClose([
      (Math.log(4 / 3) + Math.log(2)) / 2,
    ]);
  });

  test("shows 87.3365 where the label's probability is 0", async () => {
    const net = layerNet(loss(), [[1, 2], [1]], { engines });
    expect((await forward(net, [0, 1000], [0]))[0]?.[0]).toBeCloseTo(87.3365, 3);
  });

  test.each([
    ["VALID", 3],
    ["FULL", 4],
    ["BATCH_SIZE", 2],
    ["NONE", 1],
  ])("divides by %s, and passes over ignored labels", async (mode, divisor) => {
    const net = layerNet(
      loss(`loss_param { ignore_label: 9 normalization: ${mode} }`),
      [
        [2, 2, 2],
        [2, 2],
      ],
      { engines },
    );
    const [[value = 0] = []] = await forward(net, new Array(8).fill(0), [0, 1, 9, 0]);
    expect(value).toBeCloseTo((3 * Math.log(2)) / divisor, 5);
  });

  test("agrees with the reference", async () => {
    await checkParity(
      engines,
      loss(),
      [
        [3, 5, 2, 2],
        [3, 2, 2],
      ],
      [noise(60), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]],
    );
  });

  test("refuses labels that are no class, and says which", async () => {
    const net = layerNet(loss(), [[2, 2], [2]], { engines });
    await expect(forward(net, [0, 0, 0, 0], [0, 2])).rejects.toThrow(
      "label 2 at position 1. Expected 0 to 1",
    );
  });
});

test("the gradient of SoftmaxWithLoss agrees with differences", async () => {
  await checkGradient('type: "SoftmaxWithLoss" bottom: "a" bottom: "b" top: "y"', [[3, 4], [3]], {
    inputs: [noise(12), [1, 0, 3]],
  });
});

test("SoftmaxWithLoss wants a label for each position", () => {
  expect(() =>
    layerNet('type: "SoftmaxWithLoss" bottom: "a" bottom: "b" top: "y"', [[2, 2], [3]]),
  ).toThrow("Number of labels must match number of predictions: expected 2");
});

describeEngines("SoftmaxWithLoss with class weights", (engines) => {
  const weighted = (param: string): string =>
    `type: "SoftmaxWithLoss" bottom: "a" bottom: "b" top: "y" loss_param { class_weighting: 2 class_weighting: 0.5 ${param} }`;

  test("multiplies each label's part, and divides by their number", async () => {
    const net = layerNet(weighted("weight_by_label_freqs: true"), [[3, 2], [3]], { engines });
    expect((await forward(net, [0, 0, 0, 0, 0, 0], [0, 1, 1]))[0]).toBeAllClose([Math.LN2]);
    await net.backward();
    await net.toHost();
    const [one, half] = [1 / 3, 1 / 12];
    expect(Array.from(net.blob("a").diffValues())).toBeAllClose([
      -one,
      one,
      half,
      -half,
      half,
      -half,
    ]);
  });

  test("agrees with the reference", async () => {
    const layer = weighted("weight_by_label_freqs: true ignore_label: 1");
    await checkParity(
      engines,
      layer,
      [
        [2, 2, 3],
        [2, 3],
      ],
      [undefined, [0, 1, 0, 1, 0, 0]] as never,
    );
  });
});

test("class weights without weight_by_label_freqs are told to have no effect", async () => {
  const { log, lines } = keptLog();
  const layer =
    'type: "SoftmaxWithLoss" bottom: "a" bottom: "b" top: "y" loss_param { class_weighting: 2 class_weighting: 3 }';
  const net = layerNet(layer, [[1, 2], [1]], { log });
  expect((await forward(net, [0, 0], [0]))[0]).toBeAllClose([Math.LN2]);
  expect(lines.join()).toContain("class_weighting has no effect without weight_by_label_freqs");
});

test("as many class weights as classes", () => {
  const layer =
    'type: "SoftmaxWithLoss" bottom: "a" bottom: "b" top: "y" loss_param { weight_by_label_freqs: true class_weighting: 2 }';
  expect(() => layerNet(layer, [[1, 2], [1]])).toThrow("class_weighting is given 1 times");
});
