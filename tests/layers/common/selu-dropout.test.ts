import { expect, test } from "vitest";
import { forward, layerNet, noise } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "SeLuDropout" bottom: "a" top: "y" selu_dropout_param { ${param} }`;

test("SeLuDropout keeps mean 0 and variance 1", async () => {
  const net = layerNet(layer("dropout_ratio: 0.3"), [[20_000]]);
  // Of mean 0 and variance 1.
  const x = noise(20_000);
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const deviation = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length);
  const [y = []] = await forward(
    net,
    x.map((v) => (v - mean) / deviation),
  );
  const found = y.reduce((a, b) => a + b, 0) / y.length;
  expect(found).toBeCloseTo(0, 1);
  expect(y.reduce((sum, v) => sum + (v - found) ** 2, 0) / y.length).toBeCloseTo(1, 1);
  const counts = new Map<number, number>();
  for (const v of y) counts.set(v, (counts.get(v) ?? 0) + 1);
  expect(Math.max(...counts.values()) / y.length).toBeCloseTo(0.3, 1);
});

test("SeLuDropout draws anew in every pass, and as before where its state is restored", async () => {
  const net = layerNet(layer(""), [[200]]);
  const at = net.layerNames.indexOf("t");
  const state = net.layers[at]!.state()!;
  const first = await forward(net, noise(200));
  expect(await forward(net, noise(200))).not.toEqual(first);
  await net.layers[at]!.restore(state);
  expect(await forward(net, noise(200))).toEqual(first);
  expect(net.layers[at]!.refuses({ random: [1] })).toContain("Expected 2 numbers");
});

test.each(["dropout_ratio: 0", "dropout_ratio: 1", "dropout_ratio: nan"])(
  "SeLuDropout refuses %s",
  (param) => {
    expect(() => layerNet(layer(param), [[2]])).toThrow("Expected more than 0, and less than 1.");
  },
);
