// Fashion-MNIST in an LMDB, and LeNet trained on it: node examples/fashion-mnist/run.mjs
import { fashion, lastValue, openExample } from "../support.mjs";

const example = openExample(import.meta.url);
for (const part of ["train", "test"]) {
  if (example.has(`${part}_lmdb`)) continue;
  // A short run learns from the test part as well: it is smaller.
  const files = fashion(example.isShort ? "test" : part);
  await example.caffe("convert_mnist_data", ...files, `${part}_lmdb`);
}
await example.caffe("dataset", "info", "train_lmdb");
if (example.isShort)
  example.changeSolver("solver.prototxt", { max_iter: 80, test_interval: 80, test_iter: 10 });
const log = await example.caffe("train", "--solver=solver.prototxt");
console.log(`\ntest accuracy: ${lastValue(log, "accuracy")}`);
