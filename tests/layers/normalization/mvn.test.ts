import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

describeEngines("MVN", (engines) => {
  test.each([
    ["", [-1, 1, -1, 1]],
    ["mvn_param { normalize_variance: false }", [-1, 1, -2, 2]],
    ["mvn_param { across_channels: true normalize_variance: false }", [-4, -2, 1, 5]],
    ["mvn_param { eps: 1 }", [-1 / 2, 1 / 2, -2 / 3, 2 / 3]],
  ])("normalises: %s", async (param, output) => {
    const net = layerNet(`type: "MVN" bottom: "a" top: "y" ${param}`, [[1, 2, 1, 2]], { engines });
    expect((await forward(net, [1, 3, 6, 10]))[0]).toBeAllClose(output);
  });

  test("of a constant is 0, though its sum is rounded", async () => {
    const net = layerNet('type: "MVN" bottom: "a" top: "y"', [[2, 3, 3, 37]], { engines });
    const values = Array.from(
      { length: 666 },
      (_, i) => [0.7, -1000.1, 1e-3][Math.trunc(i / 111) % 3] ?? 0,
    );
    expect((await forward(net, values))[0]?.every((y) => y === 0)).toBe(true);
  });

  test("of numbers that differ in their last bits only has the mean 0", async () => {
    const net = layerNet('type: "MVN" bottom: "a" top: "y"', [[1, 1, 1, 5]], { engines });
    const ulp = 2 ** -22;
    const [y = []] = await forward(
      net,
      [0, 1, 0, 3, 1].map((steps) => 3 + steps * ulp),
    );
    const [mean, sigma] = [ulp, ulp * Math.sqrt(6 / 5) + 1e-9];
    expect(y).toBeAllClose(
      [0, 1, 0, 3, 1].map((steps) => (steps * ulp - mean) / sigma),
      { rtol: 1e-5, atol: 1e-6 },
    );
  });
});

test.each(["", "normalize_variance: false", "across_channels: true"])(
  "the gradient of MVN agrees with differences: %s",
  async (param) => {
    await checkGradient(`type: "MVN" bottom: "a" top: "y" mvn_param { ${param} }`, [[2, 3, 2, 2]]);
  },
);

test("MVN wants four axes at most", () => {
  expect(() => layerNet('type: "MVN" bottom: "a" top: "y"', [[1, 1, 1, 1, 2]])).toThrow(
    "at most 4",
  );
});
