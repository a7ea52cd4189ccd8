import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const reorg = (param: string): string =>
  `type: "Reorg" bottom: "a" top: "y" reorg_param { ${param} }`;
const sixteen = Array.from({ length: 16 }, (_, i) => i);

describeEngines("Reorg", (engines) => {
  // Seen as one plane of 4 × 4, of which every second row and column begins at the offset of the channel.
  const dealt = [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15];

  test("takes an image's memory for larger planes, and those apart", async () => {
    const net = layerNet(reorg("stride: 2"), [[1, 4, 2, 2]], { engines });
    expect(await forward(net, sixteen)).toEqual([dealt]);
    expect(net.blob("y").shape).toEqual([1, 16, 1, 1]);
  });

  test("reverse undoes it", async () => {
    const net = layerNet(reorg("stride: 2 reverse: true"), [[1, 4, 2, 2]], { engines });
    expect(await forward(net, dealt)).toEqual([sixteen]);
    expect(net.blob("y").shape).toEqual([1, 1, 4, 4]);
  });

  test.each(["stride: 2", "stride: 2 reverse: true", "stride: 1"])(
    "agrees with the reference: %s",
    async (param) => {
      await checkParity(engines, reorg(param), [[2, 8, 4, 2]]);
    },
  );
});

test.each([
  ["", [1, 4, 2, 2], "stride is 0. Expected 1 or more"],
  ["stride: 2", [1, 3, 2, 2], "channels in multiples of 4"],
  ["stride: 2", [1, 4, 3, 2], "height and width of 2"],
  ["stride: 2", [4, 2, 2], "Expected four axes"],
])("Reorg refuses %s of a bottom of shape %j", (param, shape, message) => {
  expect(() => layerNet(reorg(param), [shape])).toThrow(message);
});
