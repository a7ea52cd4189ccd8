// What a trained net's hidden layer makes of images, in an LMDB and in HDF5, and how well neighbours in it are of one
// class: node examples/feature-extraction/run.mjs
import { readDatasets } from "../../dist/io/hdf5/hdf5.js";
import { fashion, openExample } from "../support.mjs";

const example = openExample(import.meta.url);
for (const part of ["train", "test"]) {
  if (example.has(`${part}_lmdb`)) continue;
  // A short run learns from the test part as well: it is smaller.
  await example.caffe(
    "convert_mnist_data",
    ...fashion(example.isShort ? "test" : part),
    `${part}_lmdb`,
  );
}
const iterations = example.isShort ? 60 : 1500;
example.changeSolver("solver.prototxt", { max_iter: iterations });
await example.caffe("train", "--solver=solver.prototxt");

const batches = example.isShort ? 3 : 30;
const weights = `features_iter_${iterations}.caffemodel`;
if (!example.has("ip1_lmdb")) {
  await example.caffe(
    "extract_features",
    weights,
    "net.prototxt",
    "ip1",
    "ip1_lmdb",
    batches,
    "lmdb",
  );
}
await example.caffe("dataset", "info", "ip1_lmdb");
// Several blobs in one pass, each a dataset of its own name.
await example.caffe(
  ...["extract_features", weights, "net.prototxt"],
  ...["ip1,label", "ip1.h5,label.h5", batches, "hdf5"],
);
const [features] = readDatasets(example.path("ip1.h5"), ["ip1"]);
const [labels] = readDatasets(example.path("label.h5"), ["label"]);
const [count, size] = features.shape;
let right = 0;
for (let i = 0; i < count; i++) right += labels.data[i] === labels.data[nearest(i)] ? 1 : 0;
console.log(`\nnearest neighbour of the same class: ${(right / count).toFixed(3)}`);

/** The other image whose features are nearest. */
function nearest(i) {
  let [best, least] = [-1, Number.POSITIVE_INFINITY];
  for (let j = 0; j < count; j++) {
    let distance = 0;
    for (let k = 0; k < size && distance < least; k++) {
      distance += (features.data[i * size + k] - features.data[j * size + k]) ** 2;
    }
    if (j !== i && distance < least) [best, least] = [j, distance];
  }
  return best;
}
