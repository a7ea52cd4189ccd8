import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

const layer = 'type: "BatchReindex" bottom: "a" bottom: "b" top: "y"';

describeEngines("BatchReindex", (engines) => {
  test("picks rows", async () => {
    const net = layerNet(layer, [[3, 2], [4]], { engines });
    expect(await forward(net, [1, 2, 3, 4, 5, 6], [2, 0, 0, 1])).toEqual([
      [5, 6, 1, 2, 1, 2, 3, 4],
    ]);
  });

  test("refuses a row that is not there", async () => {
    const net = layerNet(layer, [[3, 2], [1]], { engines });
    await expect(forward(net, [1, 2, 3, 4, 5, 6], [3])).rejects.toThrow(
      "index 3 at position 0. Expected 0 to 2",
    );
    await expect(forward(net, [1, 2, 3, 4, 5, 6], [-1])).rejects.toThrow("index -1");
  });
});

test("BatchReindex gradient: rows picked twice add up, others get none", async () => {
  await checkGradient(layer, [[4, 2, 2], [5]], {
    inputs: [Array.from({ length: 16 }, (_, i) => i / 7), [1, 3, 1, 0, 1]],
  });
});

test("BatchReindex wants a list of numbers", () => {
  expect(() =>
    layerNet(layer, [
      [3, 2],
      [1, 1],
    ]),
  ).toThrow("Expected one axis");
});
