import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("AbsVal", (engines) => {
  test.each([["", [-2, 0, 3], [2, 0, 3]]])(
    "computes its formula: %s",
    async (param, input, output) => {
      const net = layerNet(`type: "AbsVal" bottom: "a" top: "y" ${param}`, [[input.length]], {
        engines,
      });
      expect((await forward(net, input))[0]).toBeAllClose(output);
    },
  );

  test.each(["y"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, `type: "AbsVal" bottom: "a" top: "${top}" `, [[2, 3, 4, 5]]);
  });
});
test.each([['bottom: "a" top: "y" ', undefined]])(
  "the gradient of AbsVal agrees with differences: %s",
  async (text, input) => {
    await checkGradient(`type: "AbsVal" ${text}`, [[2, 3]], input ? { inputs: [input] } : {});
  },
);

test("AbsVal refuses bottom: a top: a", () => {
  expect(() => layerNet('type: "AbsVal" bottom: "a" top: "a"', [[2, 3]])).toThrow(
    "does not allow in-place",
  );
});
