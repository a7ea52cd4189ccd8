// Pairs of images, alike or not, in LevelDB, and a siamese net that learns to tell: node examples/siamese/run.mjs
import { fashion, lastValue, openExample } from "../support.mjs";

const example = openExample(import.meta.url);
for (const part of ["train", "test"]) {
  if (example.has(`pairs_${part}`)) continue;
  // A short run learns from the test part as well: it is smaller.
  const files = fashion(example.isShort ? "test" : part);
  await example.caffe("convert_mnist_siamese_data", ...files, `pairs_${part}`);
}
if (example.isShort) {
  example.changeSolver("solver.prototxt", { max_iter: 60, test_interval: 60, test_iter: 5 });
}
const log = await example.caffe("train", "--solver=solver.prototxt");
console.log(`\ntest loss: ${lastValue(log, "loss")}`);
