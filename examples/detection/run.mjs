// Pictures with annotations as PASCAL VOC has them, to a database, to a detector, to boxes drawn in a picture:
// node examples/detection/run.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { encodeImage } from "../../dist/io/images/encode.js";
import { Random } from "../../dist/util/random.js";
import { Drawing, SHAPES } from "../drawn-shapes.mjs";
import { lastValue, openExample } from "../support.mjs";

const SIDE = 128;
const example = openExample(import.meta.url);
const random = new Random(1701, "detection example");
for (const folder of ["images", "annotations"]) {
  mkdirSync(example.path(folder), { recursive: true });
}
const counts = example.isShort ? { train: 80, test: 20 } : { train: 600, test: 100 };
for (const [part, count] of Object.entries(counts)) {
  await write(part, count);
  if (example.has(`${part}_lmdb`)) continue;
  await example.caffe(
    "create_annoset",
    "--anno_type=detection",
    "--label_type=xml",
    "--label_map_file=labelmap.prototxt",
    "--encode_type=png",
    "./",
    `${part}.txt`,
    `${part}_lmdb`,
  );
}
const last = example.isShort ? 100 : 400;
if (example.isShort) {
  example.changeSolver("solver.prototxt", { max_iter: last, test_interval: last, test_iter: 2 });
}
const log = await example.caffe("train", "--solver=solver.prototxt");
await example.caffe(
  "detect",
  "--model=deploy.prototxt",
  `--weights=ssd_iter_${last}.caffemodel`,
  "--labels=labelmap.prototxt",
  "images/test_0000.png",
);
console.log(`\nmAP: ${lastValue(log, "detection_eval")}`);

/** Draws pictures with their annotations, and writes the list of a part: a picture and its annotation in each line. */
async function write(part, count) {
  let list = "";
  for (let i = 0; i < count; i++) {
    const name = `${part}_${String(i).padStart(4, "0")}`;
    const drawing = new Drawing(SIDE, random);
    const things = drawing.scatter(1 + random.below(4), 16, 48);
    const picture = { channels: 3, height: SIDE, width: SIDE, data: drawing.data };
    writeFileSync(example.path("images", `${name}.png`), await encodeImage(picture, "png"));
    writeFileSync(example.path("annotations", `${name}.xml`), annotation(name, things));
    list += `images/${name}.png annotations/${name}.xml\n`;
  }
  writeFileSync(example.path(`${part}.txt`), list);
}

/** An annotation of PASCAL VOC: its pixels are counted from 1. */
function annotation(name, things) {
  const objects = things.map(
    ({ number, left, top, right, bottom }) => `  <object>
    <name>${SHAPES[number - 1]}</name>
    <difficult>0</difficult>
    <bndbox>
      <xmin>${left + 1}</xmin>
      <ymin>${top + 1}</ymin>
      <xmax>${right + 1}</xmax>
      <ymax>${bottom + 1}</ymax>
    </bndbox>
  </object>`,
  );
  return `<annotation>
  <filename>${name}.png</filename>
  <size>
    <width>${SIDE}</width>
    <height>${SIDE}</height>
    <depth>3</depth>
  </size>
${objects.join("\n")}
</annotation>
`;
}
