// Several labels for one image, from a data layer of one's own.
//
// Caffe's notebook reads PASCAL VOC through a layer in Python. Here the layer is a class in TypeScript: it lays two
// garments side by side and says which kinds are there.
import { L, Layer, layerOf, NetSpec, type None, registerLayer, Solver, type Two } from "caffe-ts";
import { CLOTHES, fashion, ifProgram, imageOf, type Run, SIDE } from "./notebook.ts";

/** How well it learned. */
export interface Found {
  /** Labels said right, of all; what one says who always says no. */
  readonly accuracy: number;
  readonly alwaysNo: number;
}

const WIDTH = 2 * SIDE;

/**
 * Pairs of garments: top[0] is N×1×28×56, top[1] is N×10, 1 for each kind that is there. Its param_str is JSON:
 * `{ "batch": 32, "part": "train", "count": 1000 }`.
 */
class PairsLayer extends Layer<None, Two> {
  static override readonly type = "Pairs";
  static override readonly bottoms = { min: 0, max: 0 };
  static override readonly tops = { min: 2, max: 2 };

  readonly #param = JSON.parse(this.param.python_param?.param_str ?? "{}") as {
    readonly batch: number;
    readonly part: "train" | "t10k";
    readonly count: number;
  };
  readonly #samples = fashion(this.#param.part, this.#param.count);
  /** A stream of its own that follows from the net's seed: the same run draws the same pairs. */
  readonly #random = this.random("pairs");

  override setUp(_bottom: None, [data, labels]: Two): void {
    data.reshape([this.#param.batch, 1, SIDE, WIDTH]);
    labels.reshape([this.#param.batch, CLOTHES.length]);
  }

  override reshape(): void {}

  override forward(_bottom: None, [data, labels]: Two): void {
    labels.assign(0);
    const images = data.data;
    for (let n = 0; n < this.#param.batch; n++) {
      for (const half of [0, 1]) {
        const index = this.#random.below(this.#samples.count);
        const image = imageOf(this.#samples, index);
        for (let y = 0; y < SIDE; y++) {
          images.set(
            image.subarray(y * SIDE, (y + 1) * SIDE),
            (n * SIDE + y) * WIDTH + half * SIDE,
          );
        }
        labels.set([n, this.#samples.labels[index] ?? 0], 1);
      }
    }
  }

  override backward(): void {}
}

export async function multilabel({ isShort, say }: Run): Promise<Found> {
  registerLayer(PairsLayer);
  const filler = { weight_filler: { type: "xavier" } };
  const pairs = (part: string, phase: "TRAIN" | "TEST") =>
    layerOf("Pairs", [], {
      ntop: 2,
      name: "data",
      top: ["data", "labels"],
      include: { phase },
      python_param: {
        param_str: JSON.stringify({ batch: 50, part, count: isShort ? 2_000 : 10_000 }),
      },
    });
  const [data, labels] = pairs("train", "TRAIN");
  const conv1 = L.Convolution(data, { num_output: 20, kernel_size: 5, stride: 2, ...filler });
  const conv2 = L.Convolution(L.ReLU(conv1, { in_place: true }), {
    num_output: 40,
    kernel_size: 5,
    stride: 2,
    ...filler,
  });
  const ip1 = L.InnerProduct(L.ReLU(conv2, { in_place: true }), { num_output: 200, ...filler });
  const score = L.InnerProduct(L.ReLU(ip1, { in_place: true }), {
    num_output: CLOTHES.length,
    ...filler,
  });
  // Not one class of ten but ten answers of yes or no: a sigmoid for each.
  const loss = L.SigmoidCrossEntropyLoss(score, labels);
  const spec = new NetSpec().add(data, pairs("t10k", "TEST")[0]);
  spec.set("score", score);
  spec.set("loss", loss);
  const net_param = spec.toProto();
  using solver = new Solver({
    net_param,
    test_iter: [10],
    test_interval: 1_000_000,
    test_initialization: false,
    base_lr: 0.005,
    lr_policy: "fixed",
    momentum: 0.9,
    max_iter: isShort ? 150 : 1500,
    random_seed: 5,
  });
  for await (const { iteration, loss: value } of solver) {
    if (iteration % (isShort ? 50 : 250) === 0)
      say(`iteration ${iteration}: loss ${value.toFixed(3)}`);
  }

  const [test] = solver.testNets;
  if (!test) throw new Error("the solver has a test net");
  test.shareWith(solver.net);
  let [right, none, all] = [0, 0, 0];
  for (let i = 0; i < 10; i++) {
    await test.forward();
    const [scores, truth] = [test.blob("score").values(), test.blob("labels").values()];
    for (let k = 0; k < scores.length; k++, all++) {
      if ((scores[k] ?? 0) > 0 === (truth[k] === 1)) right++;
      if (truth[k] === 0) none++;
    }
  }
  say(`labels right: ${(right / all).toFixed(3)}; who always says no: ${(none / all).toFixed(3)}`);
  return { accuracy: right / all, alwaysNo: none / all };
}

await ifProgram(import.meta, multilabel);
