import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, keptLog, layerNet } from "../../support/nets.ts";

const focal = (param = "", more = ""): string =>
  `type: "FocalLoss" bottom: "a" bottom: "b" top: "y" focal_loss_param { ${param} } ${more}`;
/** Two classes of equal scores, and a sure one. */
const scores = [0, 0, 0, 40];

describeEngines("FocalLoss", (engines) => {
  test.each([
    ["", "", 0.25 * 0.25 * Math.LN2],
    ["alpha: 2 gamma: 1", "", Math.LN2],
    ["alpha: 1 gamma: 0", "", Math.LN2],
    ["", 'fork: "zimenglan"', 0.25 * 0.25 * Math.LN2],
    ["", 'fork: "happynear"', 0.25 * Math.LN2],
    ["alpha: 2 gamma: 1", 'fork: "happynear"', 1.5 * Math.LN2],
    ["type: ONEADDP", "", 1.5 ** 2 * Math.LN2],
  ])("weighs the log loss by how wrong it is: %s %s", async (param, more, loss) => {
    const net = layerNet(focal(param, more), [[2, 2], [2]], { engines });
    expect((await forward(net, scores, [1, 1]))[0]).toBeAllClose([loss / 2]);
  });

  test.each(["alpha: 2 gamma: 1.5", "type: ONEADDP gamma: 0.5"])(
    "agrees with the reference: %s",
    async (param) => {
      const more = "loss_param { ignore_label: 2 normalization: FULL }";
      await checkParity(
        engines,
        focal(param, more),
        [
          [2, 3, 2],
          [2, 2],
        ],
        [undefined, [0, 2, 1, 1]] as never,
      );
    },
  );
});

test("FocalLoss has no gradient where everything is ignored or right", async () => {
  const net = layerNet(focal("gamma: 0.5", "loss_param { ignore_label: 7 }"), [[2, 2], [2]]);
  await forward(net, [0, 1, 0, 90], [7, 1]);
  await net.backward();
  await net.toHost();
  expect(Array.from(net.blob("a").diffValues(), Math.abs)).toBeAllClose([0, 0, 0, 0]);
});

test.each([
  ["alpha: 0.5", "", true],
  ["", "", true],
  ["alpha: 1", "", false],
  ["type: ONEADDP", "", false],
  ["alpha: 0.5", 'fork: "happynear"', false],
])("FocalLoss says what it takes alpha for where that is not sure: %s %s", (param, more, warns) => {
  const { log, lines } = keptLog();
  layerNet(focal(param, more), [[2, 2], [2]], { log });
  expect(lines.some((line) => line.includes('Write fork: "happynear"'))).toBe(warns);
});

test("FocalLoss refuses a label that is no class", async () => {
  const net = layerNet(focal(), [[1, 2], [1]]);
  await expect(forward(net, [0, 0], [2])).rejects.toThrow("label 2 at position 0. Expected 0 to 1");
});
