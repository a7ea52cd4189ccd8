// Types that several forks use for different layers: what `fork` says has to be one of them, and what the fields say.
import { expect, test } from "vitest";
import { keptLog, layerNet } from "../support/nets.ts";

const bn = 'type: "BN" bottom: "a" top: "y"';
const normalize = 'type: "Normalize" bottom: "a" top: "y"';
const focal = 'type: "FocalLoss" bottom: "a" bottom: "b" top: "y"';
const decoder = 'type: "CTCGreedyDecoder" bottom: "a" bottom: "b" top: "y"';

test.each([
  [bn, "psp", "segnet"],
  [normalize, "ssd", "happynear"],
  [focal, "zimenglan", "happynear"],
  [decoder, "senlinuc", "chwick"],
])("%s: a fork that has none of the name is refused", (layer, one, other) => {
  const shapes = layer === decoder ? [[3, 3, 4], [3, 3]] : [[2, 3], [2]]; // biome-ignore format: short
  const bottoms = layer.includes('"b"') ? shapes : shapes.slice(0, 1);
  for (const fork of [one, other]) layerNet(`${layer} fork: "${fork}"`, bottoms).close();
  expect(() => layerNet(`${layer} fork: "Other"`, bottoms)).toThrow(
    `fork is "Other". Expected "${one}" or "${other}".`,
  );
});

test.each([
  [`${bn} fork: "psp" bn_param { bn_mode: LEARN }`, [[2, 3]], 'bn_param says "segnet"'],
  [`${bn} fork: "segnet" bn_param { frozen: true }`, [[2, 3]], 'bn_param says "psp"'],
  [`${normalize} fork: "happynear" norm_param { }`, [[2, 3]], 'norm_param says "ssd"'],
  [`${normalize} fork: "ssd" normalize_param { }`, [[2, 3]], 'normalize_type says "happynear"'],
  [
    `${focal} fork: "zimenglan" focal_loss_param { type: ONEADDP }`,
    [[2, 3], [2]],
    'type: ONEADDP says "happynear"',
  ],
  [
    `${decoder} top: "z" fork: "senlinuc"`,
    [
      [3, 3, 4],
      [3, 3],
    ],
    'the second top says "chwick"',
  ],
])("what is told twice has to agree: %s", (layer, shapes, message) => {
  expect(() => layerNet(layer, shapes)).toThrow(message);
});

test("a fork where there is one layer of the name has no effect, and that is said", () => {
  const { log, lines } = keptLog();
  layerNet('type: "ReLU" bottom: "a" top: "y" fork: "psp"', [[2]], { log }).close();
  expect(lines.join("\n")).toContain('fork: "psp" has no effect here');
});
