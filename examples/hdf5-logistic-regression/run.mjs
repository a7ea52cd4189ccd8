// Logistic regression on numbers in HDF5 files: node examples/hdf5-logistic-regression/run.mjs
import { writeFileSync } from "node:fs";
import { writeHdf5 } from "../../dist/io/hdf5/hdf5.js";
import { Random } from "../../dist/util/random.js";
import { lastValue, openExample } from "../support.mjs";

const example = openExample(import.meta.url);
const random = new Random(1701, "hdf5 example");

/** Two clouds of points in four dimensions that overlap a little, in a file with datasets `data` and `label`. */
function write(name, count) {
  const data = new Float32Array(4 * count);
  const label = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    label[i] = i % 2;
    const side = label[i] ? 1 : -1;
    for (let k = 0; k < 4; k++) data[4 * i + k] = random.gaussian(side * [1.2, -0.8, 0.3, 0][k]);
  }
  writeHdf5(example.path(name), {
    data: { shape: [count, 4], data },
    label: { shape: [count], data: label },
  });
}

// Several files are one source: a list names them.
write("train_a.h5", 5000);
write("train_b.h5", 2500);
write("test.h5", 2500);
writeFileSync(example.path("train.txt"), "train_a.h5\ntrain_b.h5\n");
writeFileSync(example.path("test.txt"), "test.h5\n");
if (example.isShort) example.changeSolver("solver.prototxt", { max_iter: 500, test_interval: 500 });
const log = await example.caffe("train", "--solver=solver.prototxt");
console.log(`\ntest accuracy: ${lastValue(log, "accuracy")}`);
