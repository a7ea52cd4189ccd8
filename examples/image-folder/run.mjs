// A folder of images, one folder for each class, becomes a list; a net learns five classes from it, and is finetuned
// for five others: node examples/image-folder/run.mjs
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { encodeImage } from "../../dist/io/images/encode.js";
import { readIdx } from "../../dist/io/lists/idx.js";
import { CLASSES, fashion, lastValue, openExample } from "../support.mjs";

const example = openExample(import.meta.url);
const perClass = example.isShort ? 40 : 400;
const [first, second] = [CLASSES.slice(0, 5), CLASSES.slice(5)];

if (!example.has("images")) await makeFolder();
writeLists("first", first);
writeLists("second", second);
if (example.isShort) {
  for (const solver of ["first_solver.prototxt", "second_solver.prototxt"]) {
    example.changeSolver(solver, { max_iter: 40, test_interval: 40, test_iter: 2 });
  }
}
await example.caffe("train", "--solver=first_solver.prototxt");
const weights = `first_iter_${example.isShort ? 40 : 600}.caffemodel`;
// The last layer has another name in the second net: it begins anew, and the others with what they have learned.
const log = await example.caffe("train", "--solver=second_solver.prototxt", `--weights=${weights}`);
console.log(`\ntest accuracy on ${second.join(", ")}: ${lastValue(log, "accuracy")}`);

/** Writes Fashion-MNIST's first images of each class as PNG files: what another folder of images would be. */
async function makeFolder() {
  const [images, labels] = fashion("test").map(readIdx);
  const counts = CLASSES.map(() => 0);
  for (const name of CLASSES) mkdirSync(example.path("images", name), { recursive: true });
  for (let i = 0; i < labels.data.length; i++) {
    const label = labels.data[i];
    if (counts[label] === perClass) continue;
    const data = images.data.subarray(784 * i, 784 * (i + 1));
    const png = await encodeImage({ channels: 1, height: 28, width: 28, data }, "png");
    const name = `${String(counts[label]++).padStart(4, "0")}.png`;
    writeFileSync(example.path("images", CLASSES[label], name), png);
  }
}

/** Lists the images of some classes, `path label` on each line: three in four for training. */
function writeLists(name, classes) {
  const lines = classes.flatMap((folder, label) =>
    readdirSync(example.path("images", folder))
      .sort()
      .map((file) => `${folder}/${file} ${label}\n`),
  );
  writeFileSync(example.path(`${name}_train.txt`), lines.filter((_, i) => i % 4).join(""));
  writeFileSync(example.path(`${name}_test.txt`), lines.filter((_, i) => i % 4 === 0).join(""));
}
