// Fine-tuning: what a net has learned of some things helps it with others.
//
// Caffe's notebook turns CaffeNet to photographs of styles. Here a net that knows five kinds of clothes learns the other
// five from few images, beside one that begins from nothing.
import { join } from "node:path";
import { L, type NetParameter, NetSpec, Solver, type Weights } from "caffe-ts";
import {
  accuracyOf,
  fashion,
  feed,
  ifProgram,
  lenet,
  memory,
  type Run,
  type Samples,
} from "./notebook.ts";

/** Accuracies on the new classes. */
export interface Found {
  readonly fineTuned: number;
  readonly lastLayerOnly: number;
  readonly fromNothing: number;
}

export async function fineTuning({ isShort, folder, say }: Run): Promise<Found> {
  // 1. Learn sneakers, bags and such: classes 5 to 9.
  const weights = join(folder, "pretrained.caffemodel");
  const known = relabelled(
    fashion("train", isShort ? 3_200 : 12_800, (label) => label >= 5),
    5,
  );
  using first = solverOf(netOf("known"), isShort ? 100 : 600);
  feed(first.net, known);
  await first.solve();
  first.net.save(weights);

  // 2. Few images of the other classes, 0 to 4. The last layer has a new name, so that it begins anew: weights are
  //    copied to layers of the same name.
  const few = fashion("train", 96, (label) => label < 5);
  const test = fashion("t10k", isShort ? 640 : 3_200, (label) => label < 5);
  const iterations = isShort ? 12 : 40;
  const learn = async (net: NetParameter, from?: Weights): Promise<number> => {
    using solver = solverOf(net, iterations, from);
    feed(solver.net, few);
    await solver.solve();
    return await accuracyOf(solver.net, test);
  };

  // 3. Three ways: from the weights; from the weights with all but the last layer frozen (lr_mult 0); from nothing.
  const fineTuned = await learn(netOf("new"), weights);
  const lastLayerOnly = await learn(frozen(netOf("new")), weights);
  const fromNothing = await learn(netOf("new"));
  say(`fine-tuned:          ${fineTuned.toFixed(3)}`);
  say(`last layer only:     ${lastLayerOnly.toFixed(3)}`);
  say(`begun from nothing:  ${fromNothing.toFixed(3)}`);
  return { fineTuned, lastLayerOnly, fromNothing };
}

function netOf(last: string): NetParameter {
  const [data, label] = memory(32);
  // The layer is named anew, its blob is `score` all the same.
  const score = lenet(data, 5, last);
  return new NetSpec({ score, loss: L.SoftmaxWithLoss(score, label) }).toProto();
}

/** The net with everything but its last layer frozen; backward does not even go there. */
function frozen(net: NetParameter): NetParameter {
  return {
    ...net,
    layer: (net.layer ?? []).map((layer) =>
      ["conv1", "conv2", "ip1"].includes(layer.name ?? "")
        ? { ...layer, param: [{ lr_mult: 0 }, { lr_mult: 0 }] }
        : layer,
    ),
  };
}

function solverOf(net_param: NetParameter, max_iter: number, weights?: Weights): Solver {
  const solver = new Solver({
    net_param,
    base_lr: 0.01,
    lr_policy: "fixed",
    momentum: 0.9,
    weight_decay: 0.0005,
    max_iter,
    snapshot_after_train: false,
    random_seed: 3,
  });
  if (weights !== undefined) solver.net.copyFrom(weights);
  return solver;
}

function relabelled(samples: Samples, by: number): Samples {
  return { ...samples, labels: samples.labels.map((label) => label - by) };
}

await ifProgram(import.meta, fineTuning);
