import { expect, test } from "vitest";
import { forward, keptLog, layerNet, noise } from "../../support/nets.ts";

const layer = (more: string): string =>
  `type: "WarpCTCLoss" bottom: "a" bottom: "b" ${more} top: "y"`;

test("class 0 is the blank; with indicators labels are told without it", async () => {
  const x = noise(12);
  const rows = layerNet(layer(""), [
    [4, 1, 3],
    [1, 3],
  ]);
  const [want = []] = await forward(rows, x, [2, 0, 1]);
  const columns = layerNet(layer('bottom: "c"'), [
    [4, 1, 3],
    [4, 1],
    [3, 1],
  ]);
  expect(await forward(columns, x, [0, 1, 1, 1], [1, 0, -1])).toEqual([want]);
  const last = layerNet(`${layer("")} ctc_loss_param { blank_index: -1 }`, [
    [4, 1, 3],
    [1, 2],
  ]);
  const turned = x.map((_, i) => x[i - (i % 3) + ((i + 1) % 3)]!);
  expect((await forward(last, turned, [1, 0]))[0]).toBeAllClose(want);
});

test("says so where bottoms do not tell which fork's it is", () => {
  const { log, lines } = keptLog();
  const shapes = [
    [4, 1, 3],
    [4, 1],
    [3, 1],
  ];
  layerNet(layer('bottom: "c"'), shapes, { log });
  expect(lines.join("\n")).toContain("blank_index is not written: class 0 is the blank");
});
