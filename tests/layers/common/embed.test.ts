import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

const layer =
  'type: "Embed" bottom: "a" top: "y" embed_param { input_dim: 3 num_output: 2 weight_filler { type: "constant" value: 2 } bias_filler { value: 1 } }';

describeEngines("Embed", (engines) => {
  test("looks rows up", async () => {
    const net = layerNet(layer, [[2, 2]], { engines });
    net.learnableParams[0]?.blob.dataMem.overwriteCpu().set([1, 2, 3, 4, 5, 6]);
    expect(await forward(net, [2, 0, 1, 1])).toEqual([[6, 7, 2, 3, 4, 5, 4, 5]]);
    expect(net.blob("y").shape).toEqual([2, 2, 2]);
  });

  test("refuses a number beyond its rows", async () => {
    await expect(forward(layerNet(layer, [[1]], { engines }), [3])).rejects.toThrow(
      "index 3 at position 0. Expected 0 to 2",
    );
  });
});

test.each([layer, layer.replace("{ input_dim", "{ bias_term: false input_dim")])(
  "the gradient of Embed agrees with differences: %s",
  async (text) => {
    await checkGradient(text, [[4]], { inputs: [[0, 2, 2, 1]] });
  },
);

test.each(["num_output", "input_dim"])("Embed needs %s", (field) => {
  expect(() => layerNet(layer.replace(new RegExp(`${field}: \\d`), ""), [[1]])).toThrow(
    `embed_param.${field} is 0`,
  );
});
