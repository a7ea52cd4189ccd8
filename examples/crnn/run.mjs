// Pictures of numbers of one to five digits, and a net that reads them: node examples/crnn/run.mjs
import { writeFileSync } from "node:fs";
import { Net } from "../../dist/index.js";
import { writeHdf5 } from "../../dist/io/hdf5/hdf5.js";
import { encodeImage } from "../../dist/io/images/encode.js";
import { Random } from "../../dist/util/random.js";
import { lastValue, openExample } from "../support.mjs";

const [HEIGHT, WIDTH, LONGEST] = [24, 96, 5];
/** Digits as a display of 5 × 7 dots shows them, a row in each number's bits. */
const DIGITS = [
  [14, 17, 19, 21, 25, 17, 14],
  [4, 12, 4, 4, 4, 4, 14],
  [14, 17, 1, 2, 4, 8, 31],
  [31, 2, 4, 2, 1, 17, 14],
  [2, 6, 10, 18, 31, 2, 2],
  [31, 16, 30, 1, 1, 17, 14],
  [6, 8, 16, 30, 17, 17, 14],
  [31, 1, 2, 4, 8, 8, 8],
  [14, 17, 17, 14, 17, 17, 14],
  [14, 17, 17, 15, 1, 2, 12],
];

const example = openExample(import.meta.url);
const random = new Random(1701, "crnn example");
write("train", example.isShort ? 1000 : 6000);
write("test", 500);
if (example.isShort) {
  example.changeSolver("solver.prototxt", { max_iter: 260, test_interval: 260, stepsize: 180 });
}
const log = await example.caffe("train", "--solver=solver.prototxt");
await read(/Snapshotting to binary proto file (\S+)/.exec(log)[1]);
console.log(`\nsequence accuracy: ${lastValue(log, "accuracy")}`);

/** A part's pictures, N×1×24×96, and their digits + 1, N×5, filled up with the blank's 0. */
function write(part, count) {
  const data = new Float32Array(count * HEIGHT * WIDTH);
  const label = new Float32Array(count * LONGEST);
  for (let n = 0; n < count; n++) {
    const { digits, pixels } = draw();
    data.set(pixels, n * HEIGHT * WIDTH);
    digits.forEach((digit, i) => {
      label[n * LONGEST + i] = digit + 1;
    });
  }
  writeHdf5(example.path(`${part}.h5`), {
    data: { shape: [count, 1, HEIGHT, WIDTH], data },
    label: { shape: [count, LONGEST], data: label },
  });
  writeFileSync(example.path(`${part}.txt`), `${part}.h5\n`);
}

/** A number somewhere in the picture: each digit of a size, height and distance of its own, bent a little, in noise. */
function draw() {
  const digits = Array.from({ length: 1 + random.below(LONGEST) }, () => random.below(10));
  const pixels = Float32Array.from({ length: HEIGHT * WIDTH }, () => random.uniform(0, 0.3));
  const widths = digits.map(() => random.uniform(9, 14));
  const room = WIDTH - widths.reduce((sum, width) => sum + width + 3, 0);
  let left = random.uniform(0, Math.max(0, room));
  digits.forEach((digit, i) => {
    const [width, height] = [widths[i], random.uniform(15, 21)];
    const [top, slope] = [random.uniform(0, HEIGHT - height), random.uniform(-0.15, 0.15)];
    const ink = random.uniform(0.6, 1);
    for (let y = Math.ceil(top); y < top + height && y < HEIGHT; y++) {
      const row = DIGITS[digit][Math.min(6, Math.floor(((y - top) / height) * 7))];
      const shift = left + slope * (y - top - height / 2);
      for (let x = Math.max(0, Math.ceil(shift)); x < shift + width && x < WIDTH; x++) {
        const column = Math.min(4, Math.floor(((x - shift) / width) * 5));
        if ((row >> (4 - column)) & 1) pixels[y * WIDTH + x] += ink;
      }
    }
    left += width + random.uniform(1, 3);
  });
  return { digits, pixels };
}

/** Draws one more picture, writes it as picture.png, and reads it with the weights that were learned. */
async function read(weights) {
  const { digits, pixels } = draw();
  const data = Uint8Array.from(pixels, (value) => Math.min(255, Math.round(value * 190)));
  const png = await encodeImage({ channels: 1, height: HEIGHT, width: WIDTH, data }, "png");
  writeFileSync(example.path("picture.png"), png);
  const net = new Net(example.path("crnn.prototxt"), {
    phase: "TEST",
    stages: ["deploy"],
    weights: example.path(weights),
  });
  net.blob("data").dataMem.overwriteCpu().set(pixels);
  await net.forward();
  await net.toHost();
  const found = Array.from(net.blob("digits").values()).filter((label) => label > 0);
  console.log(
    `\npicture.png shows ${digits.join("")}, and reads ${found.map((d) => d - 1).join("")}`,
  );
  net.close();
}
