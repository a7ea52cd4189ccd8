import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("LRN", (engines) => {
  test("divides by the energy of neighbouring channels", async () => {
    const net = layerNet(
      'type: "LRN" bottom: "a" top: "y" lrn_param { local_size: 3 alpha: 3 beta: 1 k: 2 }',
      [[1, 3, 1, 1]],
      { engines },
    );
    expect((await forward(net, [1, 2, 3]))[0]).toBeAllClose([1 / 7, 2 / 16, 3 / 15]);
  });

  test.each([
    ["ACROSS_CHANNELS", "local_size: 5 alpha: 0.1"],
    ["WITHIN_CHANNEL", "local_size: 3 alpha: 0.5 norm_region: WITHIN_CHANNEL"],
  ])("agrees with the reference: %s", async (_name, param) => {
    await checkParity(engines, `type: "LRN" bottom: "a" top: "y" lrn_param { ${param} }`, [
      [2, 7, 4, 5],
    ]);
  });
});

test.each(["", "norm_region: WITHIN_CHANNEL"])("LRN gradient %s", async (region) => {
  await checkGradient(
    `type: "LRN" bottom: "a" top: "y" lrn_param { local_size: 3 alpha: 2 k: 1.5 ${region} }`,
    [[2, 4, 3, 2]],
  );
});

test("LRN wants an odd local_size and images", () => {
  const lrn = (size: number) =>
    `type: "LRN" bottom: "a" top: "y" lrn_param { local_size: ${size} }`;
  expect(() => layerNet(lrn(4), [[1, 2, 3, 3]])).toThrow("LRN only supports odd values");
  expect(() => layerNet(lrn(3), [[1, 2, 3]])).toThrow("Expected four axes");
});
