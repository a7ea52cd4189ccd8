import { expect, test } from "vitest";
import { forward, layerNet, noise } from "../../support/nets.ts";

const bottoms = 'bottom: "a" bottom: "b" top: "y"';
const shapes = [
  [4, 2, 3],
  [2, 2],
];

test("CtcLoss is CTCLoss, with the blank that it names", async () => {
  const x = noise(24);
  const text = `type: "CtcLoss" ${bottoms} ctc_loss_param { blank_label: 1 alphabet_size: 3 time_step: 4 }`;
  const other = `type: "CTCLoss" ${bottoms} ctc_loss_param { blank_index: 1 }`;
  const labels = [0, 2, 2, 1];
  const want = await forward(layerNet(other, shapes), x, labels);
  expect(await forward(layerNet(text, shapes), x, labels)).toEqual(want);
});

test.each(["alphabet_size: 4", "time_step: 3"])("CtcLoss refuses %s", (param) => {
  const text = `type: "CtcLoss" ${bottoms} ctc_loss_param { ${param} }`;
  expect(() => layerNet(text, shapes)).toThrow("bottom shape (4,2,3). Expected 3 and 4.");
});
