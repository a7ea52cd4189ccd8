// From a fresh clone to a trained net: set-up, Fashion-MNIST to LMDB, LeNet trained and tested.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const IDX = "/usr/share/datasets/fashion-mnist";
const DATABASES = "data/fashion-mnist";
const MODEL = "models/lenet/lenet_train_test.prototxt";
const SOLVER = "models/lenet/lenet_fashion_solver.prototxt";
const WEIGHTS = "models/lenet/lenet_fashion_iter_6000.caffemodel";
const CAFFE = join(ROOT, "bin/caffe");

function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}

run(process.execPath, [join(ROOT, "scripts/setup.mjs")]);

mkdirSync(join(ROOT, DATABASES), { recursive: true });
for (const [part, prefix] of [
  ["train", "train"],
  ["test", "t10k"],
]) {
  const database = `${DATABASES}/${part}_lmdb`;
  if (existsSync(join(ROOT, database))) {
    console.log(`skipped: ${database} is there`);
    continue;
  }
  if (!existsSync(IDX)) {
    console.error(`Fashion-MNIST is not at ${IDX}. Install Debian's dataset-fashion-mnist.`);
    process.exit(1);
  }
  const file = (what) => `${IDX}/${prefix}-${what}-ubyte.gz`;
  run(CAFFE, ["convert_mnist_data", file("images-idx3"), file("labels-idx1"), database]);
}

if (existsSync(join(ROOT, WEIGHTS))) console.log(`skipped: training, ${WEIGHTS} is there`);
else run(CAFFE, ["train", `--solver=${SOLVER}`]);

const test = spawnSync(
  CAFFE,
  ["test", `--model=${MODEL}`, `--weights=${WEIGHTS}`, "--iterations=100"],
  {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  },
);
const accuracy = /\] accuracy = (\S+)\s*$/m.exec(test.stderr)?.[1];
if (test.status !== 0 || accuracy === undefined) {
  process.stderr.write(test.stderr);
  process.exit(1);
}
console.log(`test accuracy on all 10,000 images: ${accuracy}`);
