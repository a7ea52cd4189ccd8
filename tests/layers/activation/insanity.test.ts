import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (more: string): string => `type: "Insanity" bottom: "a" top: "y" ${more}`;

test("Insanity divides what is below 0 by numbers within its bounds, drawn anew in every pass", async () => {
  const net = layerNet(layer("insanity_param { lb: 2 ub: 4 }"), [[1000]]);
  const x = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 3 : -1));
  const [y = []] = await forward(net, x);
  const divisors = y.flatMap((value) => (value < 0 ? [-1 / value] : []));
  expect(y.filter((value) => value > 0)).toEqual(new Array(500).fill(3));
  expect(Math.min(...divisors)).toBeGreaterThanOrEqual(1.9999);
  expect(Math.max(...divisors)).toBeLessThanOrEqual(4.0001);
  expect(divisors.reduce((a, b) => a + b) / 500).toBeCloseTo(3, 1);
  expect((await forward(net, x))[0]).not.toEqual(y);
  net.blob("y").diffMem.overwriteCpu().fill(1);
  await net.backward();
  const again = net.blob("y").values();
  const want = Array.from(again, (value) => (value > 0 ? 1 : -value));
  expect(net.blob("a").diffValues()).toBeAllClose(want);
});

test("Insanity in TEST divides by what the mean of the reciprocals is of", async () => {
  const net = layerNet(layer("phase: TEST insanity_param { lb: 2 ub: 4 }"), [[2]]);
  const [y] = await forward(net, [-1, 5]);
  expect(y).toBeAllClose([-Math.log(2) / 2, 5]);
});

test("Insanity's draws go on after a restored state", async () => {
  const net = layerNet(layer(""), [[4]]);
  const at = net.layerNames.indexOf("t");
  const state = net.layers[at]!.state()!;
  const x = [-1, -2, -3, -4];
  const first = await forward(net, x);
  await net.layers[at]!.restore(state);
  expect(await forward(net, x)).toEqual(first);
  expect(net.layers[at]!.refuses({ random: [1] })).toContain("Expected 2 numbers");
});

test.each(["lb: 3 ub: 3", "lb: 0", "lb: -1 ub: 0", "lb: nan"])("Insanity refuses %s", (param) => {
  expect(() => layerNet(layer(`insanity_param { ${param} }`), [[2]])).toThrow(
    "Expected lb below ub, and neither 0.",
  );
});
