// Faster R-CNN and R-FCN, narrow and on small pictures of a database, from end to end.
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLmdb } from "../../src/io/db/lmdb/create.ts";
import { BBOX, encodeAnnotatedDatum } from "../../src/io/proto/annotated-datum.ts";
import type { LayerParameter } from "../../src/io/proto/caffe.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { Solver } from "../../src/solvers/solver.ts";
import { silent } from "../../src/util/log.ts";
import { shrink } from "../support/shrink.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const SIDE = 64;

/** A database of two grey pictures with a bright object each. */
async function pictures(): Promise<string> {
  const path = join(temporaryFolder(), "voc_lmdb");
  const writer = createLmdb(path);
  for (const [k, [label, from]] of (
    [
      [7, 8],
      [12, 24],
    ] as const
  ).entries()) {
    const data = new Uint8Array(3 * SIDE * SIDE).map((_, i) => {
      const [x, y] = [i % SIDE, Math.floor(i / SIDE) % SIDE];
      return x >= from && x < from + 32 && y >= from && y < from + 32 ? 220 : 90 + (i % 7);
    });
    const edge = (at: number): number => at / SIDE;
    const box = [edge(from), edge(from), edge(from + 32), edge(from + 32)] as const;
    const datum = { channels: 3, height: SIDE, width: SIDE, data, label: -1 };
    const groups = [{ label, annotations: [{ instance: 0, box, isDifficult: false }] }];
    await writer.put(`000${k}`, encodeAnnotatedDatum({ datum, type: BBOX, groups }));
  }
  await writer.finish();
  return path;
}

/** Reads those pictures as they are, and anchors that fit them; few regions, so that a step is quick. */
function small(layer: LayerParameter, source: string): LayerParameter {
  const { python_param, proposal_param } = layer;
  const more: Readonly<Record<string, string>> = {
    RoIDataLayer: `, 'SCALES': [${SIDE}], 'source': '${source}'`,
    AnchorTargetLayer: ", 'scales': [1, 2, 3]",
    ProposalTargetLayer: ", 'BATCH_SIZE': 16",
  };
  const added = more[python_param?.layer ?? ""];
  return {
    ...layer,
    ...(python_param && {
      python_param: {
        ...python_param,
        param_str: `${python_param.param_str?.replace(/, 'source'.*/, "")}${added}`,
      },
    }),
    // What is normalised as it was on ILSVRC has learnt nothing here.
    ...(layer.type === "BatchNorm" && { batch_norm_param: { use_global_stats: false } }),
    ...(proposal_param && {
      proposal_param: { ...proposal_param, scale: [1, 2, 3], min_size: 4, post_nms_topn: 30 },
    }),
  };
}

test.each([
  ["faster-rcnn-vgg16", 0.001],
  ["rfcn-resnet50", 0.01],
] as const)("%s learns what it is shown, narrower and on small pictures", async (name, base_lr) => {
  const source = await pictures();
  const read = readNetParameter(join("models", name, "train_val.prototxt"), silent);
  const narrow = shrink(read, 16, /rpn_(cls|bbox)|cls_score|bbox_pred|rfcn_/);
  using training = new Solver({
    base_lr,
    lr_policy: "fixed",
    momentum: 0.9,
    max_iter: 16,
    average_loss: 1,
    random_seed: 1,
    net_param: { ...narrow, layer: (narrow.layer ?? []).map((layer) => small(layer, source)) },
  });
  const losses: number[] = [];
  for await (const { loss } of training) losses.push(loss);
  expect(losses.every(Number.isFinite), losses.join(", ")).toBe(true);
  const mean = (part: readonly number[]): number => part.reduce((a, b) => a + b, 0) / part.length;
  expect(mean(losses.slice(-4)), losses.join(", ")).toBeLessThan(mean(losses.slice(0, 4)));
});
