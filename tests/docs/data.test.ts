import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { writeFileAtomically } from "../../src/io/files/atomic-file.ts";
import { writeHdf5 } from "../../src/io/hdf5/hdf5.ts";
import { BBOX_AND_MASK, encodeAnnotatedDatum } from "../../src/io/proto/annotated-datum.ts";
import type { BlobProto } from "../../src/io/proto/caffe.ts";
import { messageType } from "../../src/io/proto/messages.ts";
import { encodeCaffemodel } from "../../src/io/weights/caffemodel.ts";
import { caffeHere } from "../support/cli.ts";
import { netOf } from "../support/nets.ts";
import { imageBytes } from "../support/opencv.ts";
import { writeRecords } from "../support/record-plans.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const text = readFileSync("docs/data.md", "utf8");
const blocks = (language: string): string[] =>
  [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)].flatMap(([, name, body]) =>
    name === language ? [body ?? ""] : [],
  );

const folder = temporaryFolder();
const write = (name: string, content: string | Uint8Array): void =>
  writeFileSync(join(folder, name), content);

/** What the document's commands and layers read. */
beforeAll(async () => {
  mkdirSync(join(folder, "images"));
  mkdirSync(join(folder, "cifar"));
  const names = ["rgb.png", "420.jpg", "444.jpg", "progressive.jpg"];
  for (const name of names) write(`images/${name}`, imageBytes(name));
  write("train.txt", names.map((name, i) => `${name} ${i % 2}\n`).join(""));
  mkdirSync(join(folder, "annotations"));
  write(
    "annotations/rgb.xml",
    "<annotation><object><name>cat</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>",
  );
  write("boxes.txt", "images/rgb.png annotations/rgb.xml\n");
  for (const name of names.slice(0, 2)) {
    const classes = sharp(imageBytes(name)).greyscale().threshold(128).png();
    await classes.toFile(join(folder, `images/classes-${name}`));
  }
  write("pairs.txt", "rgb.png classes-rgb.png\n420.jpg classes-420.jpg\n");
  const mask = await sharp({ create: { width: 2, height: 2, channels: 3, background: "black" } })
    .greyscale()
    .png()
    .toBuffer();
  const image = { channels: 1, height: 2, width: 2, data: new Uint8Array(4) };
  const masked = { datum: { ...image, label: -1, mask }, type: BBOX_AND_MASK, groups: [] };
  await writeRecords(join(folder, "masks_lmdb"), [encodeAnnotatedDatum(masked)]);
  const annotated = "tests/golden/cases/data/annotateddata_warp_1";
  cpSync(join(annotated, "db"), join(folder, "voc_lmdb"), { recursive: true });
  cpSync(join(annotated, "labelmap.prototxt"), join(folder, "labelmap_voc.prototxt"));
  const size = { width: 340, height: 256, channels: 3, background: "grey" } as const;
  const frame = await sharp({ create: size }).jpeg().toBuffer();
  const frames = {
    "ucf101/v_Archery_g01_c01/%.jpg": [6, 16],
    "v_Archery_g01_c01/flow_x_%.jpg": [4, 15],
    "v_Archery_g01_c01/flow_y_%.jpg": [4, 15],
  } as const;
  for (const [name, [digits, count]] of Object.entries(frames)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    for (let i = 1; i <= count; i++) {
      write(name.replace("%", `${i}`.padStart(digits, "0")), frame);
    }
  }
  write("clips.txt", "ucf101/v_Archery_g01_c01 1 2\n");
  write("videos.txt", "v_Archery_g01_c01 15 2\n");
  write("windows.txt", "# 0\nrgb.png\n3\n13\n19\n2\n1 0.9 2 2 9 9\n0 0.1 5 1 15 8\n");
  const rows = { shape: [3, 2], data: new Float32Array(6) };
  writeHdf5(join(folder, "a.h5"), { data: rows, label: { shape: [3], data: new Float32Array(3) } });
  write("h5.txt", "a.h5\n");
  for (const name of ["images.idx", "labels.idx"]) {
    cpSync(join("tests/golden/cases/data/db_mnist_0", name), join(folder, name));
  }
  for (const name of [
    "data_batch_1",
    "data_batch_2",
    "data_batch_3",
    "data_batch_4",
    "data_batch_5",
    "test_batch",
  ]) {
    write(`cifar/${name}.bin`, new Uint8Array(3073));
  }
  write(
    "net.prototxt",
    `name: "n" layer { name: "data" type: "Data" top: "data" data_param { source: "train_lmdb" batch_size: 2 } }
     layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }`,
  );
  const filled = (...dim: number[]): BlobProto => ({
    shape: { dim },
    data: Array(dim.reduce((product, length) => product * length)).fill(0.1),
  });
  const ip = { name: "ip", blobs: [filled(2, 3 * 32 * 32), filled(2)] };
  writeFileAtomically(join(folder, "net.caffemodel"), encodeCaffemodel({ layer: [ip] }));
});

describe("docs/data.md", () => {
  const commands = blocks("sh").join("").trim().split("\n");

  test("has a command of each tool", () => {
    expect(new Set(commands.map((line) => line.split(" ")[1])).size).toBe(11);
  });

  test.each(commands)("%s", async (line) => {
    const [program, ...args] = line.split(" ");
    expect(program).toBe("caffe");
    const { status, stderr } = await caffeHere(args, folder);
    expect(status, stderr).toBe(0);
  });

  test.each(blocks("prototxt"))("%s", async (layer) => {
    const net = netOf(layer, { root: folder });
    await net.forward();
    await net.forward();
    expect(net.blob("data").shape[0]).toBeGreaterThan(1);
    net.close();
  });

  test("names every field of transform_param that is not of a fork", () => {
    const fields = messageType("TransformationParameter").fieldsArray.filter(
      ({ id }) => id < 10_000 || id >= 11_000,
    );
    expect(fields.length).toBe(16);
    for (const { name } of fields) expect(text).toContain(name);
  });
});
