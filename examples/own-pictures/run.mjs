// A folder of pictures becomes a trained net with three commands; then the net learns another thing from few pictures:
// node examples/own-pictures/run.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { encodeImage } from "../../dist/io/images/encode.js";
import { Random } from "../../dist/util/random.js";
import { Drawing, SHAPES } from "../drawn-shapes.mjs";
import { lastValue, openExample } from "../support.mjs";

const example = openExample(import.meta.url);
const side = 72;
const perClass = example.isShort ? 30 : 150;

// What a picture shows: one shape, or nothing; then how many there are.
await drawFolder("pictures", ["nothing", ...SHAPES], (drawing, kind) => {
  const size = 24 + drawing.random.below(24);
  const [left, top] = [0, 0].map(() => drawing.random.below(side - size));
  if (kind > 0) drawing.add(kind, size, left, top);
});
await drawFolder("counts", ["one", "two", "three"], (drawing, kind) => {
  drawing.scatter(kind + 1, 12, 24);
});

const shapes = await learn("shapes", "pictures", example.isShort ? ["--epochs=30"] : []);
const counts = await learn("how_many", "counts", [
  `--weights=${shapes.weights}`,
  ...(example.isShort ? ["--epochs=5"] : []),
]);
console.log(`\ntest accuracy on how many there are: ${counts.accuracy}`);
console.log(`test accuracy on what there is: ${shapes.accuracy}`);

/** From a folder of pictures to a trained net. */
async function learn(folder, images, flags) {
  await example.caffe("new", folder, `--images=${images}`, "--size=64", "--force", ...flags);
  const said = await example.caffe("train", `--solver=${folder}/solver.prototxt`);
  const weights =
    /Snapshotting to binary proto file (\S+caffemodel)(?![\s\S]*Snapshotting to b)/.exec(said)?.[1];
  const iterations = /test_iter: (\d+)/.exec(said)?.[1];
  const log = await example.caffe(
    "test",
    `--model=${folder}/train_val.prototxt`,
    `--weights=${weights}`,
    `--iterations=${iterations}`,
  );
  await example.caffe("classify", weights, `${images}/*/000.png`, "--top=1", "--csv");
  return { weights, accuracy: lastValue(log, "accuracy") };
}

/** Draws pictures of each class: what another folder of pictures would be. */
async function drawFolder(folder, classes, draw) {
  if (example.has(folder)) return;
  for (const [kind, name] of classes.entries()) {
    mkdirSync(example.path(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const drawing = new Drawing(side, new Random(i, folder, name));
      draw(drawing, kind);
      const png = await encodeImage(
        { channels: 3, height: side, width: side, data: drawing.data },
        "png",
      );
      writeFileSync(example.path(folder, name, `${String(i).padStart(3, "0")}.png`), png);
    }
  }
}
