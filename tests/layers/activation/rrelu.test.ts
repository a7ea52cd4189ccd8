import { expect, test } from "vitest";
import { forward, layerNet, noise } from "../../support/nets.ts";

test("RReLU is Insanity", async () => {
  const of = (type: string, param: string) =>
    layerNet(`type: "${type}" bottom: "a" top: "y" ${param} { lb: 2 ub: 7 }`, [[9]]);
  const want = await forward(of("Insanity", "insanity_param"), noise(9));
  expect(await forward(of("RReLU", "rrelu_param"), noise(9))).toEqual(want);
});

test("RReLU's error names its own field", () => {
  const text = 'type: "RReLU" bottom: "a" top: "y" rrelu_param { lb: 9 ub: 3 }';
  expect(() => layerNet(text, [[2]])).toThrow("rrelu_param has lb 9 and ub 3.");
});
