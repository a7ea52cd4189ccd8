// What lies beside weights: a net of one file for all phases, its preparation and its names.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { withDeployStage } from "../../src/inference/deploy-stage.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { Net } from "../../src/net/net.ts";
import { caffeHere } from "../support/cli.ts";
import { drawPicture } from "../support/drawn-pictures.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

/** As NVIDIA's DIGITS writes nets: what is there in use alone has a stage "deploy". */
const ONE_FILE = `
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN not_stage: "deploy" }
  transform_param { crop_size: 16 mirror: true mean_value: 1 } data_param { source: "train_lmdb" batch_size: 4 backend: LMDB } }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST not_stage: "deploy" }
  transform_param { crop_size: 16 mean_value: 60 scale: 0.01 } data_param { source: "val_lmdb" batch_size: 4 backend: LMDB } }
layer { name: "data" type: "Input" top: "data" include { stage: "deploy" } input_param { shape { dim: 1 dim: 3 dim: 16 dim: 16 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" exclude { stage: "deploy" } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" include { stage: "deploy" } }
`;

beforeAll(async () => {
  mkdirSync(at("run"));
  writeFileSync(at("run/net.prototxt"), ONE_FILE);
  writeFileSync(at("run/solver.prototxt"), 'net: "run/net.prototxt"\n');
  writeFileSync(at("run/labels.txt"), "round\ncornered\n");
  using net = new Net(withDeployStage(readNetParameter(at("run/net.prototxt"))), { silent: true });
  net.save(at("run/a_iter_1.caffemodel"));
  await drawPicture(at("disc.png"), "disc", 1);
});

test("weights and pictures are enough: the one net with a stage deploy is used, prepared as its tests are", async () => {
  const found = await caffeHere(["classify", "run/a_iter_1.caffemodel", "disc.png"], folder);
  expect(found.status, found.stderr).toBe(0);
  expect(found.stdout).toMatch(/"(round|cornered)"/);
  const said = await caffeHere(
    "classify disc.png --weights=run/a_iter_1.caffemodel --model=run/net.prototxt --labels=run/labels.txt --mean_value=60,60,60 --input_scale=0.01".split(
      " ",
    ),
    folder,
  );
  expect(found.stdout).toBe(said.stdout);
  const other = await caffeHere(
    "classify run/a_iter_1.caffemodel disc.png --mean_value=0,0,0".split(" "),
    folder,
  );
  expect(other.stdout).not.toBe(found.stdout);
});

test("without such a net, or with two, the model has to be named", async () => {
  writeFileSync(at("run/copy.prototxt"), ONE_FILE);
  const two = await caffeHere(["classify", "run/a_iter_1.caffemodel", "disc.png"], folder);
  expect(two.status).toBe(1);
  expect(two.stderr).toMatch(/copy\.prototxt and run\/net\.prototxt both have a stage "deploy"/);
  for (const name of ["copy", "net"]) rmSync(at(`run/${name}.prototxt`));
  const none = await caffeHere(["classify", "run/a_iter_1.caffemodel", "disc.png"], folder);
  expect(none.stderr).toContain("Need a model definition. Give --model=FILE.");
  const only = await caffeHere(["classify", "run/a_iter_1.caffemodel"], folder);
  expect(only.stderr).toContain("are weights, and no image is named");
});
