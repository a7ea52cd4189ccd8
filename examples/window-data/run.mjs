// Images with things in them, a window file that tells where, and a net that learns what a window shows:
// node examples/window-data/run.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { encodeImage } from "../../dist/io/images/encode.js";
import { Random } from "../../dist/util/random.js";
import { Drawing } from "../drawn-shapes.mjs";
import { lastValue, openExample } from "../support.mjs";

const SIDE = 96;
const example = openExample(import.meta.url);
const random = new Random(1701, "window example");
mkdirSync(example.path("images"), { recursive: true });
await write("train", example.isShort ? 40 : 200);
await write("test", example.isShort ? 10 : 50);
if (example.isShort) {
  example.changeSolver("solver.prototxt", { max_iter: 80, test_interval: 80, test_iter: 5 });
}
const log = await example.caffe("train", "--solver=solver.prototxt");
console.log(`\ntest accuracy: ${lastValue(log, "accuracy")}`);

/** Draws images and writes the window file of a part. */
async function write(part, count) {
  let text = "";
  for (let i = 0; i < count; i++) {
    const name = `${part}_${String(i).padStart(4, "0")}.png`;
    const { data, windows } = draw();
    const png = await encodeImage({ channels: 3, height: SIDE, width: SIDE, data }, "png");
    writeFileSync(example.path("images", name), png);
    text += `# ${i}\n${name}\n3\n${SIDE}\n${SIDE}\n${windows.length}\n${windows.join("\n")}\n`;
  }
  writeFileSync(example.path(`${part}_windows.txt`), text);
}

/** A noisy picture with one shape, and windows on it and beside it: `class overlap x1 y1 x2 y2`. */
function draw() {
  const drawing = new Drawing(SIDE, random);
  const [{ number, left, top, right, bottom }] = drawing.scatter(1, 24, 43);
  const thing = [left, top, right, bottom];
  const windows = [`${number} 1 ${thing.join(" ")}`];
  while (windows.length < 6) {
    const width = 24 + random.below(20);
    const [x, y] = [random.below(SIDE - width), random.below(SIDE - width)];
    const window = [x, y, x + width - 1, y + width - 1];
    const overlap = overlapOf(thing, window);
    // Windows in between say neither the one nor the other.
    if (overlap < 0.1 || overlap > 0.6)
      windows.push(`${number} ${overlap.toFixed(3)} ${window.join(" ")}`);
  }
  return { data: drawing.data, windows };
}

/** Shared area of two windows by the area of both. */
function overlapOf([ax1, ay1, ax2, ay2], [bx1, by1, bx2, by2]) {
  const width = Math.max(0, Math.min(ax2, bx2) - Math.max(ax1, bx1) + 1);
  const height = Math.max(0, Math.min(ay2, by2) - Math.max(ay1, by1) + 1);
  const area = (x1, y1, x2, y2) => (x2 - x1 + 1) * (y2 - y1 + 1);
  return (width * height) / (area(ax1, ay1, ax2, ay2) + area(bx1, by1, bx2, by2) - width * height);
}
