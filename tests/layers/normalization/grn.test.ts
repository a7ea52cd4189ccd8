import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const grn = (param = ""): string => `type: "GRN" bottom: "a" top: "y" grn_param { ${param} }`;

describeEngines("GRN", (engines) => {
  test("gives the channels of a position the length 1", async () => {
    const net = layerNet(grn(), [[2, 2, 2]], { engines });
    const [y] = await forward(net, [3, 0, 4, 5, 6, 0, 8, 0]);
    expect(y).toBeAllClose([0.6, 0, 0.8, 1, 0.6, 0, 0.8, 0]);
  });

  test("adds bias to the sum", async () => {
    expect((await forward(layerNet(grn("bias: 9"), [[1, 1]], { engines }), [4]))[0]).toBeAllClose([
      0.8,
    ]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, grn("bias: 0.5"), [[2, 3, 4, 5]]);
  });
});

test("GRN with dummy_backward passes the gradient on as it is", async () => {
  const net = layerNet(grn("dummy_backward: true"), [[1, 2]]);
  await forward(net, [3, 4]);
  net.blob("y").diffMem.overwriteCpu().set([5, 6]);
  await net.backward();
  expect(Array.from(net.blob("a").diffValues())).toEqual([5, 6]);
});

test("GRN refuses a bottom without channels", () => {
  expect(() => layerNet(grn(), [[3]])).toThrow("Expected two axes or more");
});
