import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { Net } from "../../../src/net/net.ts";
import { caffeHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

/** Finds red cells of a grid of 2×2, each with a box of its own size: SSD's layers, weights that anybody can check. */
const NET = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "cell" type: "Pooling" bottom: "data" top: "cell" pooling_param { pool: AVE kernel_size: 4 stride: 4 } }
  layer { name: "conf" type: "Convolution" bottom: "cell" top: "conf" convolution_param { num_output: 3 kernel_size: 1 } }
  layer { name: "confs" type: "Permute" bottom: "conf" top: "confs" permute_param { order: 0 order: 2 order: 3 order: 1 } }
  layer { name: "flat" type: "Flatten" bottom: "confs" top: "flat" }
  layer { name: "loc" type: "Convolution" bottom: "cell" top: "loc" convolution_param { num_output: 4 kernel_size: 1 } }
  layer { name: "locs" type: "Permute" bottom: "loc" top: "locs" permute_param { order: 0 order: 2 order: 3 order: 1 } }
  layer { name: "flatLoc" type: "Flatten" bottom: "locs" top: "flatLoc" }
  layer { name: "prior" type: "PriorBox" bottom: "cell" bottom: "data" top: "prior" prior_box_param { min_size: 4 } }
  layer { name: "found" type: "DetectionOutput" bottom: "flatLoc" bottom: "flat" bottom: "prior" top: "found"
    transform_param { scale: 0.00392156862745098 }
    detection_output_param { num_classes: 3 code_type: CENTER_SIZE confidence_threshold: 0.01 } }`;
writeFileSync(at("deploy.prototxt"), NET);
const net = Net.parse(NET);
// Blue first: class 1 is as sure as the cell is red, class 2 as it is blue.
net.params.get("conf")?.[0]?.data.set([0, 0, 0, 0, 0, 1, 1, 0, 0]);
net.save(at("net.caffemodel"));
net.close();
writeFileSync(at("names.txt"), "rose\nsky\n");
writeFileSync(
  at("map.prototxt"),
  'item { name: "0" label: 0 } item { name: "18" label: 1 display_name: "rose" } item { name: "7" label: 2 display_name: "sky" }',
);

type Rectangle = readonly [
  left: number,
  top: number,
  width: number,
  height: number,
  colour: string,
];
async function paint(
  path: string,
  width: number,
  height: number,
  ...rest: Rectangle[]
): Promise<void> {
  const base = sharp({ create: { width, height, channels: 3, background: "black" } });
  const layers = rest.map(([left, top, w, h, background]) => ({
    input: { create: { width: w, height: h, channels: 3 as const, background } },
    left,
    top,
  }));
  await base.composite(layers).png().toFile(path);
}
mkdirSync(at("photos"));
await paint(
  at("photos/a_0042.png"),
  320,
  160,
  [0, 0, 160, 80, "rgb(255,0,0)"],
  [160, 80, 160, 80, "rgb(0,0,204)"],
);
await paint(at("photos/b.png"), 160, 160);

const model = ["--model", at("deploy.prototxt"), "--weights", at("net.caffemodel")];
const said = async (...args: string[]): Promise<string> =>
  (await caffeHere(["detect", ...args])).stderr;

async function pixel(path: string, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return [...data.subarray((y * info.width + x) * info.channels).subarray(0, 3)];
}

describe("caffe detect", () => {
  test("prints what a picture shows, and draws it beside the picture", async () => {
    const { status, stdout, stderr } = await caffeHere([
      "detect",
      ...model,
      at("photos/a_0042.png"),
      "--labels",
      at("names.txt"),
    ]);
    expect(status).toBe(0);
    const drawn = at("photos/a_0042.detected.png");
    expect(stdout).toBe(
      `${at("photos/a_0042.png")} (320×160): 2 found, drawn in ${drawn}
  score  class  xmin  ymin  xmax  ymax
  1.000  rose      0     0   160    80
  0.800  sky     160    80   320   160
`,
    );
    expect(stderr).toContain(
      "Pictures (height×width) are warped to 8×8; values 0 to 255, mean none, scale 0.003921569, channels of red, green, blue in the order 2, 1, 0",
    );
    expect(stderr).not.toContain("no effect");
    const { width, height } = await sharp(drawn).metadata();
    expect([width, height]).toEqual([320, 160]);
    // The middle of a box is the picture's, its edge has a colour of its own; the tag has white letters.
    expect(await pixel(drawn, 80, 60)).toEqual([255, 0, 0]);
    expect(await pixel(drawn, 160, 60)).not.toEqual([0, 0, 0]);
    expect(await pixel(drawn, 240, 159)).not.toEqual([0, 0, 204]);
    const { data } = await sharp(drawn)
      .extract({ left: 0, top: 0, width: 60, height: 14 })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const whites = [...data].filter(
      (_, i) => i % 3 === 0 && data[i]! > 200 && data[i + 1]! > 200 && data[i + 2]! > 200,
    );
    expect(whites.length).toBeGreaterThan(20);
  });

  test("takes a folder, and does not look at what it drew itself", async () => {
    const { status, stdout } = await caffeHere([
      "detect",
      at("photos"),
      ...model,
      "--threshold=0.9",
      "--json",
      "--format=none",
      "--batch=2",
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      {
        file: at("photos/a_0042.png"),
        width: 320,
        height: 160,
        objects: [
          { label: 1, name: "class 1", score: 1, box: { xmin: 0, ymin: 0, xmax: 160, ymax: 80 } },
        ],
      },
      { file: at("photos/b.png"), width: 160, height: 160, objects: [] },
    ]);
    expect(existsSync(at("photos/b.detected.png"))).toBe(false);
  });

  test("writes result files for COCO's and VOC's evaluations, and JSON", async () => {
    const { status, stdout } = await caffeHere([
      "detect",
      at("photos"),
      ...model,
      "--labels",
      at("map.prototxt"),
      "--format=coco,voc,json",
      "--output",
      at("out"),
    ]);
    expect(status).toBe(0);
    expect(stdout).not.toContain("drawn");
    const read = (name: string): string => readFileSync(join(at("out"), name), "utf8");
    // COCO numbers its categories: SSD's label map for it has the numbers for names.
    expect(JSON.parse(read("detections.coco.json"))).toEqual([
      { image_id: 42, category_id: 18, bbox: [0, 0, 160, 80], score: 1 },
      { image_id: 42, category_id: 7, bbox: [160, 80, 160, 80], score: expect.closeTo(0.8) },
    ]);
    expect(read("comp4_det_test_rose.txt")).toBe("a_0042 1 0 0 160 80\n");
    expect(read("comp4_det_test_sky.txt")).toMatch(/^a_0042 0\.8\d* 160 80 320 160\n$/);
    expect(JSON.parse(read("detections.json"))).toHaveLength(2);
    expect(existsSync(join(at("out"), "a_0042.detected.png"))).toBe(false);
  });

  test("prepares pictures as the flags say", async () => {
    const stderr = await said(
      at("photos/b.png"),
      ...model,
      "--mean_value=104,117,123",
      "--input_scale=0.5",
      "--channel_swap=0,1,2",
      "--resize=fit",
      "--input_size=16,24",
      "--format=none",
    );
    expect(stderr).toContain(
      "fitted into 16×24; values 0 to 255, mean 104, 117, 123, scale 0.5, channels of red, green, blue in the order 0, 1, 2",
    );
    expect(
      await said(
        at("photos/b.png"),
        ...model,
        "--resize=short",
        "--shorter_side=8",
        "--format=none",
      ),
    ).toContain("scaled to a shorter side of 8, a longer of 1000 at most");
  });

  test("says in one line what is wrong", async () => {
    const picture = at("photos/b.png");
    expect(await said(picture)).toBe("caffe: Need a model definition. Give --model=FILE.\n");
    expect(await said(at("none.png"), ...model)).toMatch(/none\.png" cannot be read: no such file/);
    mkdirSync(at("empty"), { recursive: true });
    expect(await said(at("empty"), ...model)).toMatch(/empty holds no picture\. Expected JPEG/);
    expect(await said(at("names.txt"), ...model)).toMatch(/does not begin as an image does/);
    expect(await said(picture, ...model, "--format=gif")).toBe(
      "caffe: --format has gif. Expected some of png, json, coco, voc, or none.\n",
    );
    expect(await said(picture, ...model, "--labels=coco")).toMatch(
      /80 names of classes for a net of 3 labels\. Expected 3, .* or 2 without it/,
    );
    expect(await said(picture, ...model, "--input_size=8")).toMatch(
      /--input_size is 8\. Expected height,width/,
    );
    expect(await said(picture, ...model, "--box_stds=1")).toMatch(/boxStds .* four numbers/);
    writeFileSync(at("list.csv"), "filename,ymin,xmin,ymax,xmax\n");
    expect(await said(at("list.csv"), picture, picture, ...model)).toMatch(
      /names its images itself/,
    );
  });

  test("a CSV of regions serves a net that proposes none", async () => {
    const fast = `
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
      layer { name: "rois" type: "Input" top: "rois" input_param { shape { dim: 1 dim: 5 } } }
      layer { name: "pool" type: "ROIPooling" bottom: "data" bottom: "rois" top: "pool" roi_pooling_param { pooled_h: 1 pooled_w: 1 spatial_scale: 1 } }
      layer { name: "score" type: "InnerProduct" bottom: "pool" top: "score" inner_product_param { num_output: 2 } }
      layer { name: "cls_prob" type: "Softmax" bottom: "score" top: "cls_prob" }
      layer { name: "bbox_pred" type: "InnerProduct" bottom: "pool" top: "bbox_pred" inner_product_param { num_output: 8 } }`;
    writeFileSync(at("fast.prototxt"), fast);
    const rcnn = Net.parse(fast);
    rcnn.params.get("score")?.[0]?.data.set([0, 0, 0, 0, 0, 1]);
    rcnn.save(at("fast.caffemodel"));
    rcnn.close();
    writeFileSync(
      at("regions.csv"),
      "filename,ymin,xmin,ymax,xmax\nphotos/a_0042.png,10,10,59,99\nphotos/a_0042.png,100,10,149,99\n",
    );
    const { status, stdout, stderr } = await caffeHere([
      "detect",
      at("regions.csv"),
      "--model",
      at("fast.prototxt"),
      "--weights",
      at("fast.caffemodel"),
      "--mean_value=0,0,0",
      "--json",
      "--format=none",
    ]);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("scaled to a shorter side of 600, a longer of 1000 at most");
    const [{ objects }] = JSON.parse(stdout) as [{ objects: { score: number; box: object }[] }];
    // The red one is sure; the black one is not, 0.5 to 0.5.
    expect(objects.map(({ score }) => score)).toBeAllClose([1, 0.5]);
    expect(Object.values(objects[0]?.box ?? {})).toBeAllClose([10, 10, 100, 60]);
  });
});
