// Pictures, for each of which another says what every pixel shows, and a net that learns to say so:
// node examples/segmentation/run.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { encodeImage } from "../../dist/io/images/encode.js";
import { Random } from "../../dist/util/random.js";
import { Drawing } from "../drawn-shapes.mjs";
import { lastValue, openExample } from "../support.mjs";

const SIDE = 64;
const example = openExample(import.meta.url);
const random = new Random(1701, "segmentation example");
mkdirSync(example.path("images"), { recursive: true });
await write("train", example.isShort ? 60 : 400);
await write("test", example.isShort ? 10 : 50);
if (example.isShort) {
  example.changeSolver("solver.prototxt", { max_iter: 100, test_interval: 100 });
}
const log = await example.caffe("train", "--solver=solver.prototxt");
console.log(`\nmean IoU: ${lastValue(log, "accuracy")}`);

/** Draws pictures, and writes the list of a part: a picture and its labels in each line. */
async function write(part, count) {
  let list = "";
  for (let i = 0; i < count; i++) {
    const drawing = new Drawing(SIDE, random);
    drawing.scatter(1 + random.below(3), 14, 28);
    const names = ["", "_labels"].map(
      (what) => `images/${part}_${String(i).padStart(4, "0")}${what}.png`,
    );
    const size = { height: SIDE, width: SIDE };
    const pictures = [
      { channels: 3, ...size, data: drawing.data },
      { channels: 1, ...size, data: drawing.labels },
    ];
    for (const [j, picture] of pictures.entries()) {
      writeFileSync(example.path(names[j]), await encodeImage(picture, "png"));
    }
    list += `${names.join(" ")}\n`;
  }
  writeFileSync(example.path(`${part}.txt`), list);
}
