import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, write } from "../../support/nets.ts";

const margin = (param: string): string =>
  `type: "MarginInnerProduct" bottom: "a" bottom: "b" top: "y" top: "z" margin_inner_product_param { num_output: 2 ${param} } blobs { shape { dim: 2 dim: 2 } data: [3, 0, 0, 2] }`;
const [cos, sin] = [Math.cos(1), Math.sin(1)];

describeEngines("MarginInnerProduct", (engines) => {
  // x is of length 2, an angle of 1 from the first weight.
  test.each([
    ["SINGLE", cos],
    ["DOUBLE", Math.cos(2)],
    ["TRIPLE", Math.cos(3)],
    // Beyond ¾π of 4θ … cos 4θ has turned round once.
    ["QUADRUPLE", -Math.cos(4) - 2],
  ])("multiplies the angle to the label's weight: %s", async (type, psi) => {
    const net = layerNet(margin(`type: ${type} base: 0`), [[1, 2], [1]], { engines });
    const [y, lambda] = await forward(net, [2 * cos, 2 * sin], [0]);
    expect(y).toBeAllClose([2 * psi, 2 * sin]);
    expect(lambda).toEqual([0]);
    // The weights' length is 1 from then on.
    expect(Array.from(net.learnableParams[0]?.blob.values() ?? [])).toBeAllClose([1, 0, 0, 1]);
  });

  test("lambda falls from pass to pass", async () => {
    const param = "type: DOUBLE base: 10 gamma: 1 power: 2 iteration: 1 lambda_min: 0.5";
    const net = layerNet(margin(param), [[1, 2], [1]], { engines });
    const lambdas = [];
    for (let i = 0; i < 4; i++) lambdas.push((await forward(net, [1, 1], [0]))[1]?.[0]);
    expect(lambdas).toBeAllClose([10 / 9, 10 / 16, 0.5, 0.5]);
  });

  test.each(["SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"])(
    "agrees with the reference: %s",
    async (type) => {
      const layer = margin(`type: ${type} base: 2`);
      await checkParity(engines, layer, [[3, 2], [3]], [undefined, [0, 1, 1]] as never);
    },
  );
});

test("MarginInnerProduct goes on with lambda in a resumed run", async () => {
  const nets = [0, 1].map(() => layerNet(margin("type: DOUBLE base: 10 gamma: 1"), [[1, 2], [1]]));
  const [one, other] = nets.map((net) => net.layers.at(-1));
  for (let i = 0; i < 3; i++) await forward(nets[0]!, [1, 1], [0]);
  await other?.restore(one?.state() ?? {});
  expect((await forward(nets[1]!, [1, 1], [0]))[1]).toBeAllClose([2]);
});

test("MarginInnerProduct's gradient to x has the label's part at length 1", async () => {
  const net = layerNet(margin("type: DOUBLE base: 0"), [[1, 2], [1]]);
  await forward(net, [0, 3], [1]);
  write(net.blob("a"), [0, 3]);
  net.blob("y").diffMem.overwriteCpu().set([0, 7]);
  await net.backward();
  // 4w − 3x/|x|, of length √(4² + 1): (4w − x) / √17, of which w and x point the same way.
  expect(Array.from(net.blob("a").diffValues())).toBeAllClose([0, (7 * (4 - 3)) / Math.sqrt(17)]);
});

test("MarginInnerProduct refuses a label that is no class", async () => {
  const net = layerNet(margin("type: DOUBLE"), [[1, 2], [1]]);
  await expect(forward(net, [1, 1], [2])).rejects.toThrow("label 2 at position 0. Expected 0 to 1");
});
