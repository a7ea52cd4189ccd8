// Images with things in them, a window file that tells where, and a net that learns what a window shows:
// node examples/window-data/run.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { encodeImage } from "../../dist/io/images/encode.js";
import { Random } from "../../dist/util/random.js";
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

/** A noisy image with a disc, a square or a cross, and windows on it and beside it: `class overlap x1 y1 x2 y2`. */
function draw() {
  const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, () => 40 + random.below(60));
  const kind = 1 + random.below(3);
  const size = 24 + random.below(20);
  const [left, top] = [random.below(SIDE - size), random.below(SIDE - size)];
  const color = [0, 1, 2].map(() => 140 + random.below(110));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [u, v] = [(2 * x) / (size - 1) - 1, (2 * y) / (size - 1) - 1];
      const isInside = [u * u + v * v <= 1, true, Math.abs(u) < 0.3 || Math.abs(v) < 0.3][kind - 1];
      if (!isInside) continue;
      for (let c = 0; c < 3; c++) data[(c * SIDE + top + y) * SIDE + left + x] = color[c];
    }
  }
  const thing = [left, top, left + size - 1, top + size - 1];
  const windows = [`${kind} 1 ${thing.join(" ")}`];
  while (windows.length < 6) {
    const width = 24 + random.below(20);
    const [x, y] = [random.below(SIDE - width), random.below(SIDE - width)];
    const window = [x, y, x + width - 1, y + width - 1];
    const overlap = overlapOf(thing, window);
    // Windows in between say neither the one nor the other.
    if (overlap < 0.1 || overlap > 0.6)
      windows.push(`${kind} ${overlap.toFixed(3)} ${window.join(" ")}`);
  }
  return { data, windows };
}

/** Shared area of two windows by the area of both. */
function overlapOf([ax1, ay1, ax2, ay2], [bx1, by1, bx2, by2]) {
  const width = Math.max(0, Math.min(ax2, bx2) - Math.max(ax1, bx1) + 1);
  const height = Math.max(0, Math.min(ay2, by2) - Math.max(ay1, by1) + 1);
  const area = (x1, y1, x2, y2) => (x2 - x1 + 1) * (y2 - y1 + 1);
  return (width * height) / (area(ax1, ay1, ax2, ay2) + area(bx1, by1, bx2, by2) - width * height);
}
