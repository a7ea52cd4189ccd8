// The models that come with the package: parameters, multiplications, and that they learn.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesOf, models } from "../../models/writers/index.ts";
import { readNetParameter, readSolverParameter } from "../../src/io/text/read-net.ts";
import { modelCard } from "../../src/models/model-zoo.ts";
import { Net } from "../../src/net/net.ts";
import { type ShapesByName, withPlaceholders } from "../../src/net/tools/placeholders.ts";
import { summarize } from "../../src/net/tools/summary.ts";
import { Solver } from "../../src/solvers/solver.ts";
import { silent } from "../../src/util/log.ts";
import { noise } from "../support/nets.ts";
import { shrink } from "../support/shrink.ts";

interface Expected {
  /** Learned parameters: all but the statistics of BatchNorm. */
  readonly parameters: number;
  /** Millions of multiplications for one sample, as the paper rounds them, or as they follow from its shapes. */
  readonly macs: number;
  /** Smaller inputs to train on, and how many times narrower. */
  readonly shapes: ShapesByName;
  readonly by: number;
  /** In place of the solver's, but for at most 0.01. */
  readonly rate?: number;
  /** Names of the layers that do not get narrower. */
  readonly keeps?: RegExp;
  /** What each image's labels begin with, where 1 and then 0 mean nothing. */
  readonly label?: readonly number[];
  /** Whether a test of its own trains it: its data is made by layers that stay. */
  readonly learnsElsewhere?: true;
}

const image = (side: number): ShapesByName => ({ data: [2, 3, side, side] });

const expected: Readonly<Record<string, Expected>> = {
  alexnet: { parameters: 60_965_224, macs: 724, shapes: image(99), by: 16 },
  caffenet: { parameters: 60_965_224, macs: 724, shapes: image(99), by: 16 },
  vgg16: { parameters: 138_357_544, macs: 15_470, shapes: image(32), by: 16 },
  vgg19: { parameters: 143_667_240, macs: 19_632, shapes: image(32), by: 16 },
  googlenet: { parameters: 6_998_552, macs: 1_583, shapes: image(96), by: 8 },
  resnet18: { parameters: 11_689_512, macs: 1_814, shapes: image(64), by: 8 },
  // 64 of them are a bias of the first convolution that the authors' weights have.
  resnet50: { parameters: 25_557_032 + 64, macs: 3_858, shapes: image(64), by: 8 },
  resnet101: { parameters: 44_549_160, macs: 7_570, shapes: image(64), by: 16 },
  senet50: { parameters: 28_088_024, macs: 3_860, shapes: image(64), by: 16 },
  squeezenet: { parameters: 1_235_496, macs: 388, shapes: image(67), by: 4 },
  mobilenet: { parameters: 4_231_976, macs: 569, shapes: image(64), by: 4 },
  mobilenet_v2: { parameters: 3_504_872, macs: 300, shapes: image(64), by: 4 },
  shufflenet: { parameters: 1_865_728, macs: 137, shapes: image(64), by: 4 },
  densenet121: { parameters: 7_978_856, macs: 2_834, shapes: image(64), by: 8 },
  fcn32s: {
    parameters: 134_346_581 + 21 * 64 * 64,
    macs: 180_925,
    shapes: { data: [1, 3, 40, 48], label: [1, 1, 40, 48] },
    by: 8,
    rate: 1e-5,
  },
  segnet: {
    parameters: 29_449_355,
    macs: 106_000,
    // Its decoder wants the very sizes of CamVid.
    shapes: { data: [1, 3, 360, 480], label: [1, 1, 360, 480] },
    by: 64,
    rate: 1e-3,
    keeps: /conv1_1_D/,
  },
  pspnet50: {
    parameters: 46_841_174,
    macs: 162_000,
    // Its pyramid wants the very size of its crops.
    shapes: { data: [1, 3, 473, 473], label: [1, 1, 473, 473], data_dim: [1, 1, 1, 2] },
    by: 32,
    rate: 1e-3,
  },
  ssd300_vgg16: {
    parameters: 26_285_486,
    macs: 31_400,
    // Its last maps are cut to nothing below about 300 pixels.
    shapes: { data: [1, 3, 300, 300], label: [1, 1, 2, 8] },
    by: 16,
    rate: 1e-3,
    keeps: /mbox/,
    label: [...[0, 1, 0, 0.1, 0.1, 0.5, 0.6, 0], ...[0, 2, 0, 0.5, 0.4, 0.9, 0.9, 0]],
  },
  mobilenet_ssd: {
    parameters: 5_796_089,
    macs: 1_150,
    shapes: { data: [1, 3, 160, 160], label: [1, 1, 2, 8] },
    by: 8,
    keeps: /mbox/,
    label: [...[0, 1, 0, 0.1, 0.1, 0.5, 0.6, 0], ...[0, 2, 0, 0.5, 0.4, 0.9, 0.9, 0]],
  },
  yolov2_tiny: {
    parameters: 15_861_773,
    macs: 3_490,
    shapes: { data: [1, 3, 416, 416], label: [1, 1, 300, 5] },
    by: 16,
    rate: 1e-3,
    keeps: /^conv9$/,
    label: [3, 0.4, 0.5, 0.3, 0.2],
  },
  yolov3_tiny: {
    parameters: 8_713_766,
    macs: 2_740,
    shapes: { data: [1, 3, 416, 416], label: [1, 1, 300, 5] },
    by: 16,
    rate: 1e-3,
    keeps: /^conv1[03]$/,
    label: [3, 0.4, 0.5, 0.3, 0.2],
  },
  "faster-rcnn-vgg16": {
    parameters: 137_078_239,
    macs: 151_600,
    shapes: {},
    by: 16,
    learnsElsewhere: true,
  },
  "rfcn-resnet50": {
    parameters: 31_809_603,
    macs: 74_200,
    shapes: {},
    by: 16,
    learnsElsewhere: true,
  },
  captioning: {
    parameters: 37_618_801,
    macs: 28.8,
    shapes: {
      cont_sentence: [5, 3],
      input_sentence: [5, 3],
      target_sentence: [5, 3],
      image_features: [3, 20],
    },
    by: 50,
  },
  crnn: {
    parameters: 8_719_653,
    macs: 715,
    shapes: { data: [2, 1, 32, 40], label: [2, 4] },
    by: 16,
    rate: 1,
    keeps: /^scores$/,
    label: [1, 2, 0, 0, 3],
  },
  siamese: { parameters: 431_102, macs: 2.3, shapes: { pair_data: [4, 2, 28, 28] }, by: 4 },
  autoencoder: { parameters: 2_837_314, macs: 2.8, shapes: { data: [2, 1, 28, 28] }, by: 1 },
};

test("every model is counted here, has a README, and its files are as it is written", () => {
  expect(Object.keys(expected)).toEqual(models.map(({ name }) => name));
  for (const model of models) {
    for (const [path, text] of filesOf(model)) {
      expect(readFileSync(join("models", path), "utf8"), `${path}: run npm run models`).toBe(text);
    }
    expect(readdirSync(join("models", model.name))).toContain("README.md");
  }
});

describe.each(Object.entries(expected))("%s", (name, model) => {
  const { parameters, macs, shapes, by, rate, keeps, label, learnsElsewhere } = model;
  const read = (file: string): ReturnType<typeof readNetParameter> =>
    readNetParameter(join("models", name, file), silent);

  test("has as many parameters and multiplications as the paper's", () => {
    using net = new Net(withPlaceholders(read("deploy.prototxt")));
    const layers = summarize(net);
    const total = (pick: (layer: (typeof layers)[number]) => number): number =>
      layers.reduce((sum, layer) => sum + pick(layer), 0);
    expect(total((layer) => (layer.type === "BatchNorm" ? 0 : layer.parameters))).toBe(parameters);
    const samples = net.blob(net.inputs[0] ?? "").shape[0] ?? 1;
    const millions = total((layer) => layer.macs) / samples / 1e6;
    expect(Math.abs(millions / macs - 1), `${millions} million multiplications`).toBeLessThan(0.02);
  });

  test("its README says so", () => {
    const card = modelCard(name);
    expect(card.parameters).toBe(parameters);
    const [, number = "", unit = ""] = /^([\d.]+) ([MG])$/.exec(card.macs) ?? [];
    const millions = Number(number) * (unit === "G" ? 1000 : 1);
    expect(Math.abs(millions / macs - 1)).toBeLessThan(0.03);
    expect(card.text).toContain("**Trained here:**");
  });

  test.skipIf(learnsElsewhere)(
    "learns what it is shown, narrower and on small inputs",
    async () => {
      const solver = readSolverParameter(join("models", name, "solver.prototxt"), silent);
      expect(solver.net).toBe(`models/${name}/train_val.prototxt`);
      const trainVal = shrink(withFillers(read("train_val.prototxt"), shapes), by, keeps);
      const { net: _net, test_iter: _iter, test_interval: _interval, ...rest } = solver;
      using training = new Solver({
        ...rest,
        net_param: trainVal,
        iter_size: 1,
        average_loss: 1,
        max_iter: 4,
        base_lr: rate ?? Math.min(solver.base_lr ?? 0.01, 0.01),
        lr_policy: "fixed",
        random_seed: 1,
      });
      for (const input of training.net.inputs) {
        const blob = training.net.blob(input);
        const isImage = /data|features/.test(input);
        if (input === "label" && label) {
          const values = new Float32Array(blob.count());
          values.set(label);
          blob.assign(values);
          continue;
        }
        blob.assign(isImage ? noise(blob.count(), 3) : input === "cont_sentence" ? 1 : 0);
      }
      const losses: number[] = [];
      for await (const { loss } of training) losses.push(loss);
      expect(losses).toHaveLength(4);
      expect(losses.every(Number.isFinite), losses.join(", ")).toBe(true);
      expect(losses.at(-1), losses.join(", ")).toBeLessThan(losses[0] ?? 0);
    },
  );
});

/** Placeholders for data only: what is trained is filled as it says. */
function withFillers(
  param: ReturnType<typeof readNetParameter>,
  shapes: ShapesByName,
): ReturnType<typeof readNetParameter> {
  const placeholders = withPlaceholders(param, shapes);
  return {
    ...param,
    layer: (param.layer ?? []).map((layer, i) => {
      const placeholder = placeholders.layer?.[i];
      return placeholder?.type === "Input" ? placeholder : layer;
    }),
  };
}
