// What every layer keeps from pass to pass: a net that goes on from another's weights and states gives its bits.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { LayerState } from "../../src/layers/base/layer.ts";
import type { Net } from "../../src/net/net.ts";
import { bottomsOf, configurations, type Row, withoutGradient } from "../support/configurations.ts";
import { layerNet, noise, write } from "../support/nets.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const letter = (i: number): string => String.fromCharCode(97 + i);

const open = (type: string, row: Row): Net =>
  layerNet(`type: "${type}" ${row[0]}`, bottomsOf(row).shapes, { root: folder });

/** Passes with other numbers each, forward, backward and an update; what tops, gradients and parameters are after each. */
async function train(net: Net, row: Row, from: number, to: number): Promise<unknown[]> {
  const { shapes, inputs } = bottomsOf(row);
  const at = net.layerNames.indexOf("t");
  const seen: unknown[] = [];
  for (let pass = from; pass < to; pass++) {
    shapes.forEach((_, i) => {
      const blob = net.blob(letter(i));
      write(blob, inputs[i] ?? noise(blob.count(), 7 + i + 20 * pass));
    });
    await net.forward();
    const tops = net.topBlobs[at] ?? [];
    seen.push(tops.map((top) => [top.shape, Array.from(top.values())]));
    tops.forEach((top, t) => {
      top.diffMem.overwriteCpu().set(noise(top.count(), 50 + t + 20 * pass));
    });
    net.clearParamDiffs();
    await net.backward();
    seen.push(shapes.map((_, i) => Array.from(net.blob(letter(i)).diffValues())));
    for (const { blob, lrMult } of net.learnableParams) {
      const dx = blob.diffValues();
      if (lrMult !== 0)
        write(
          blob,
          blob.values().map((x, i) => x - 0.01 * (dx[i] ?? 0)),
        );
    }
    seen.push(net.layers.map(({ blobs }) => blobs.map((blob) => Array.from(blob.values()))));
  }
  return seen;
}

/** What a snapshot carries of a net: its weights in a file, and the states of its layers as JSON. */
function snapshot(net: Net, path: string): readonly (LayerState | undefined)[] {
  net.save(path);
  const states = net.layers.map((layer) => layer.state() ?? null);
  return JSON.parse(JSON.stringify(states)).map((state: LayerState | null) => state ?? undefined);
}

const rcnn = (name: string, bottoms: number, tops: number, param: string): string =>
  `${["a", "b", "c", "d"]
    .map((bottom) => `bottom: "${bottom}"`)
    .slice(0, bottoms)
    .join(" ")} ${["p", "q", "r", "s", "u"]
    .map((top) => `top: "${top}"`)
    .slice(0, tops)
    .join(" ")} python_param { ${name} param_str: "${param}" }`;
/** Regions of an image that lie apart, so that a batch of them has to be drawn. */
const many = Array.from({ length: 24 }, (_, r) => [0, r, 0, r + 9, 9]).flat();
/** What is kept with options that the rows above leave out. */
const kept: readonly (readonly [string, readonly Row[]])[] = [
  ["Dropout", [['bottom: "a" top: "a" dropout_param { scale_train: true }', "2x3"]]],
  [
    "GeneralContrastiveLoss",
    [
      [
        'bottom: "a" bottom: "b" top: "y" general_contrastive_loss_param { add_intra_mae: true }',
        "2x3 2",
        { b: [1, 0] },
      ],
    ],
  ],
  [
    "MarginInnerProduct",
    [
      [
        'bottom: "a" bottom: "b" top: "y" top: "z" margin_inner_product_param { num_output: 2 type: QUADRUPLE base: 10 gamma: 0.5 lambda_min: 0.1 weight_filler { type: "xavier" } }',
        "2x3 2",
        { b: [0, 1] },
      ],
    ],
  ],
  [
    "Python",
    [
      [
        rcnn(
          'module: "spatial_dropout" layer: "SpatialDropoutLayer"',
          1,
          1,
          "{'phase': 'TRAIN', 'p': '0.5'}",
        ),
        "2x6x1x2",
      ],
      [
        rcnn(
          'module: "rpn.anchor_target_layer" layer: "AnchorTargetLayer"',
          4,
          4,
          "{'feat_stride': 4, 'scales': [1], 'RPN_BATCHSIZE': 4}",
        ),
        "1x6x6x6 1x5 1x3 1x1x24x24",
        { b: [0, 0, 5, 5, 1], c: [24, 24, 1] },
      ],
      [
        rcnn(
          'module: "rpn.proposal_target_layer" layer: "ProposalTargetLayer"',
          2,
          5,
          "'num_classes': 3, 'BATCH_SIZE': 8",
        ),
        "24x5 1x5",
        { a: many, b: [0, 0, 9, 9, 2] },
      ],
    ],
  ],
  [
    "SegAccuracy",
    [
      [
        'bottom: "a" bottom: "b" top: "y" seg_accuracy_param { reset: false }',
        "1x2x1x2 1x1x1x2",
        { b: [0, 1] },
      ],
    ],
  ],
  ["SPP", [['bottom: "a" top: "y" spp_param { pyramid_height: 2 pool: STOCHASTIC }', "1x2x6x4"]]],
];

/** What a net does in two passes, and what one does that goes on from its snapshot before them, with its states or without. */
async function wholeAndResumed(type: string, row: Row, hasStates = true): Promise<unknown[][]> {
  const whole = open(type, row);
  await train(whole, row, 0, 2);
  const path = join(folder, "t.caffemodel");
  const states = snapshot(whole, path);
  const wanted = await train(whole, row, 2, 4);
  const resumed = open(type, row);
  if (resumed.layers.some(({ blobs }) => blobs.length > 0)) resumed.copyFrom(path);
  for (const [i, state] of states.entries()) {
    const layer = resumed.layers[i];
    expect(layer?.state() === undefined).toBe(state === undefined);
    if (!state || !hasStates) continue;
    expect(layer?.refuses(state)).toBeUndefined();
    await layer?.restore(state);
  }
  const got = await train(resumed, row, 2, 4);
  for (const net of [whole, resumed]) net.close();
  return [wanted, got];
}

const titled = (rows: readonly Row[]): { row: Row; title: string }[] =>
  rows.map((row) => ({ row, title: row.slice(0, 2).join("; ") }));
const all = [...Object.entries(configurations), ...Object.entries(withoutGradient), ...kept];

describe.each(all)("a resumed net of %s goes on to the bit", (type, rows) => {
  test.each(titled(rows))("$title", async ({ row }) => {
    const [wanted, got] = await wholeAndResumed(type, row);
    expect(got).toEqual(wanted);
  });
});

describe.each(kept)("%s goes another way without its state", (type, rows) => {
  test.each(titled(rows))("$title", async ({ row }) => {
    const [wanted, got] = await wholeAndResumed(type, row, false);
    expect(got).not.toEqual(wanted);
  });
});
