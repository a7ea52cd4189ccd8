import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeAnnotatedDatum } from "../../../src/io/proto/annotated-datum.ts";
import { caffeHere } from "../../support/cli.ts";
import { readAll } from "../../support/databases.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

/** What a label map has: 1 cat, 2 dog. */
const MAP = ["cat", "dog"]
  .map((name, i) => `item { name: "${name}" label: ${i + 1} display_name: "${name}" }`)
  .join("\n");

const voc = (objects: string, size = "<size><width>20</width><height>10</height></size>"): string =>
  `<?xml version="1.0"?><annotation><!-- <object> -->${size}${objects}</annotation>`;
const object = (name: string, [x1, y1, x2, y2]: readonly number[], more = ""): string =>
  `<object><name>${name}</name>${more}<bndbox><xmin>${x1}</xmin><ymin>${y1}</ymin><xmax>${x2}</xmax><ymax>${y2}</ymax></bndbox></object>`;

beforeAll(async () => {
  mkdirSync(join(root, "img"));
  for (const name of ["a", "b"]) {
    await sharp({ create: { width: 20, height: 10, channels: 3, background: "teal" } })
      .png()
      .toFile(join(root, `img/${name}.png`));
  }
  write("map.prototxt", MAP);
  write("list.txt", "img/a.png ann/a.xml\nimg/b.png ann/b.xml\n");
  write(
    "ann/a.xml",
    voc(
      object(
        "dog",
        [2, 1, 10, 5],
        "<part><name>head</name><bndbox><xmin>0</xmin></bndbox></part>",
      ) +
        object("cat", [0, 0, 20, 10], "<difficult>1</difficult>") +
        object("dog", [4, 4, 8, 8]),
    ),
  );
  write("ann/b.xml", voc(""));
});

const annoset = (
  list: string,
  flags: readonly string[] = [],
  out = "db",
): ReturnType<typeof caffeHere> =>
  caffeHere(
    [
      "create_annoset",
      "--anno_type=detection",
      "--label_map_file=map.prototxt",
      ...flags,
      "./",
      list,
      out,
    ],
    root,
  );

const records = async (path = "db") =>
  (await readAll(join(root, path))).map(([key, value]) => ({
    key,
    ...decodeAnnotatedDatum(value, path),
  }));

describe("caffe create_annoset", () => {
  test("writes images, and their boxes by label as shares of the image", async () => {
    const { status, stderr } = await annoset("list.txt");
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("A total of 2 images.");
    const [a, b] = await records();
    expect(a?.key).toBe("00000000_img/a.png");
    expect(a?.datum).toMatchObject({
      channels: 3,
      height: 10,
      width: 20,
      label: -1,
      encoded: false,
    });
    expect(a?.type).toBe(0);
    const f = Math.fround;
    expect(a?.groups).toEqual([
      {
        label: 2,
        annotations: [
          { instance: 0, box: [f(0.1), f(0.1), 0.5, 0.5], isDifficult: false },
          { instance: 1, box: [f(0.2), f(0.4), f(0.4), f(0.8)], isDifficult: false },
        ],
      },
      { label: 1, annotations: [{ instance: 0, box: [0, 0, 1, 1], isDifficult: true }] },
    ]);
    expect(b?.groups).toEqual([]);
  });

  test("writes the records that SSD's tool writes, which a net reads", async () => {
    for (const name of ["annotateddata_plain_0", "annotateddata_txt_0"]) {
      const golden = join("tests/golden/cases/data", name);
      cpSync(golden, join(root, name), { recursive: true });
      const info = JSON.parse(readFileSync(join(golden, "case.json"), "utf8"));
      const [, ...args] = info.commands[0].replace(/ db$/, " own").split(" ");
      const { status, stderr } = await caffeHere(["create_annoset", ...args], join(root, name));
      expect(status, stderr).toBe(0);
      const own = await readAll(join(root, name, "own"));
      const sha1 = own.map(([, value]) => createHash("sha1").update(value).digest("hex"));
      const [{ entries }] = info.annotated_databases;
      expect(sha1).toEqual(entries.map((entry: { value_sha1: string }) => entry.value_sha1));
    }
    const net = netOf(
      'layer { name: "d" type: "AnnotatedData" top: "data" top: "label" data_param { source: "own" batch_size: 1 } annotated_data_param { label_map_file: "labelmap.prototxt" } }',
      { root: join(root, "annotateddata_plain_0"), phase: "TEST" },
    );
    await net.forward();
    expect(net.blob("label").shape.slice(0, 2)).toEqual([1, 1]);
    net.close();
  });

  test("reads COCO's JSON, of one image and of all, and plain text", async () => {
    const one = (bbox: readonly number[], more: object = {}): object => ({
      category_id: 7,
      bbox,
      ...more,
    });
    write("ids.prototxt", 'item { name: "7" label: 3 display_name: "bird" }');
    write(
      "one.json",
      JSON.stringify({
        image: { height: 10, width: 20 },
        annotation: [one([2, 1, 8, 4]), one([0, 0, 20, 10], { iscrowd: 1 })],
      }),
    );
    write(
      "all.json",
      JSON.stringify({
        images: [
          { id: 1, file_name: "a.png", height: 10, width: 20 },
          { id: 2, file_name: "b.png" },
        ],
        annotations: [
          one([2, 1, 8, 4], { image_id: 1 }),
          one([0, 0, 20, 10], { image_id: 1, iscrowd: 1 }),
        ],
        categories: [{ id: 7, name: "bird" }],
      }),
    );
    write("one.txt", "img/a.png one.json\n");
    write("all.txt", "img/a.png all.json\nimg/b.png all.json\n");
    const flags = ["--label_type=json", "--label_map_file=ids.prototxt"];
    for (const list of ["one.txt", "all.txt"]) {
      const args = ["create_annoset", "--anno_type=detection", ...flags, "./", list, `${list}_db`];
      const { status, stderr } = await caffeHere(args, root);
      expect(status, stderr).toBe(0);
      const [a, b] = await records(`${list}_db`);
      expect(a?.groups).toEqual([
        {
          label: 3,
          annotations: [
            {
              instance: 0,
              box: [Math.fround(0.1), Math.fround(0.1), 0.5, 0.5],
              isDifficult: false,
            },
            { instance: 1, box: [0, 0, 1, 1], isDifficult: true },
          ],
        },
      ]);
      if (b) expect(b.groups).toEqual([]);
    }
    write("plain.ann", "9 0 0 10 5\n\n9 10 5 20 10\n");
    write("plain.txt", "img/a.png plain.ann\n");
    const args = [
      "create_annoset",
      "--anno_type=detection",
      "--label_type=txt",
      "./",
      "plain.txt",
      "plain_db",
    ];
    expect((await caffeHere(args, root)).status).toBe(0);
    const [plain] = await records("plain_db");
    expect(plain?.groups.map(({ label, annotations }) => [label, annotations.length])).toEqual([
      [9, 2],
    ]);
  });

  test("writes labels alone, as classification", async () => {
    write("labels.txt", "img/a.png 4\nimg/b.png -2\n");
    const { status } = await caffeHere(["create_annoset", "./", "labels.txt", "labels_db"], root);
    expect(status).toBe(0);
    const all = await records("labels_db");
    expect(all.map(({ datum, type, groups }) => [datum.label, type, groups.length])).toEqual([
      [4, undefined, 0],
      [-2, undefined, 0],
    ]);
  });

  test.each([
    [
      ["--resize_height=4", "--resize_width=6"],
      [4, 6],
    ],
    [["--min_dim=30"], [30, 60]],
    [["--max_dim=10"], [5, 10]],
    [
      ["--min_dim=30", "--max_dim=40"],
      [20, 40],
    ],
    [
      ["--min_dim=5", "--max_dim=50"],
      [10, 20],
    ],
  ])("%s", async (flags, [height, width]) => {
    expect(
      (await annoset("list.txt", [...flags, "--check_size"], `sized${flags.join("")}`)).status,
    ).toBe(0);
    const [a] = await records(`sized${flags.join("")}`);
    expect(a?.datum).toMatchObject({ height, width });
    expect(a?.groups[0]?.annotations[0]?.box[2]).toBe(0.5);
  });

  test("keeps files as they are, or makes them of a kind", async () => {
    expect((await annoset("list.txt", ["--encoded"], "files")).status).toBe(0);
    const [a] = await records("files");
    expect(
      Buffer.compare(a?.datum.data ?? Buffer.alloc(0), readFileSync(join(root, "img/a.png"))),
    ).toBe(0);
    expect((await annoset("list.txt", ["--encode_type=jpg", "--gray"], "jpgs")).status).toBe(0);
    const [jpg] = await records("jpgs");
    expect(jpg?.datum).toMatchObject({ channels: 1, height: 10, width: 20, encoded: true });
    expect([...(jpg?.datum.data.subarray(0, 2) ?? [])]).toEqual([0xff, 0xd8]);
  });

  test("writes masks that the list names, or that lie in a folder by the images' names", async () => {
    mkdirSync(join(root, "masks/img"), { recursive: true });
    const mask = (values: (i: number) => number): Promise<Buffer> =>
      sharp(
        Uint8Array.from({ length: 200 }, (_, i) => values(i)),
        {
          raw: { width: 20, height: 10, channels: 1 },
        },
      )
        .toColourspace("b-w")
        .png()
        .toBuffer();
    writeFileSync(join(root, "masks/img/a.png"), await mask((i) => (i % 20 < 10 ? 2 : 255)));
    writeFileSync(join(root, "masks/b.png"), await mask(() => 9));
    write("masked.txt", "img/a.png ann/a.xml masks/img/a.png\nimg/b.png ann/b.xml masks/b.png\n");
    const isMasked = "--anno_type=detection_with_segmentation";
    const listed = await annoset("masked.txt", [isMasked, "--encoded"], "masked");
    expect(listed.status, listed.stderr).toBe(0);
    expect(listed.stderr).toMatch(
      /masked.txt:2: mask \S*masks\/b.png has pixels of 9, which the label map does not name: they count for no class\./,
    );
    expect(listed.stderr).not.toContain("masked.txt:1: mask");
    const flags = [isMasked, "--mask_folder=masks", "--resize_height=20", "--resize_width=40"];
    const { status, stderr } = await annoset("list.txt", flags, "folder");
    expect(status, stderr).toBe(0);
    for (const [name, scale] of [
      ["masked", 1],
      ["folder", 2],
    ] as const) {
      const [a] = await records(name);
      expect(a?.type).toBe(1);
      expect(a?.groups).toHaveLength(2);
      const { data, info } = await sharp(a?.datum.mask)
        .toColourspace("b-w")
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ height: 10 * scale, width: 20 * scale, channels: 1 });
      expect([...data.subarray(0, info.width)]).toEqual([
        ...new Array(10 * scale).fill(2),
        ...new Array(10 * scale).fill(255),
      ]);
    }
    const net = netOf(
      `layer { name: "d" type: "AnnotatedData" top: "x" top: "l" top: "m" data_param { source: "folder" batch_size: 2 }
        annotated_data_param { single_class: false label_map_file: "map.prototxt" seg_scales: 20 } }`,
      { root, phase: "TEST" },
    );
    await net.forward();
    expect(net.blob("m").shape).toEqual([2, 2, 1, 2]);
    expect(Array.from(net.blob("m").values())).toBeAllClose([0, 0, 1, 0, 0, 0, 0, 0]);
    net.close();
  });

  test("refuses masks of another size, that are not there, in colours, or of two images", async () => {
    const flags = ["--anno_type=detection_with_segmentation"];
    const png = sharp({ create: { width: 3, height: 2, channels: 3, background: "teal" } }).png();
    await png.clone().greyscale().toFile(join(root, "small.png"));
    write("small.txt", "img/a.png ann/a.xml small.png\n");
    const small = await annoset("small.txt", flags, "bad");
    expect(small.stderr).toMatch(/mask \S*small.png is 2×3. Expected 10×20, its image's size\./);
    write("colours.txt", "img/a.png ann/a.xml img/b.png\nimg/a.png ann/a.xml gone.png\n");
    const { status, stderr } = await annoset("colours.txt", flags, "bad");
    expect(status).not.toBe(0);
    expect(stderr).toContain("pixel (0, 0) is of colour 0, 128, 128, which says no class");
    expect(stderr).toContain("gone.png");
    expect((await annoset("list.txt", flags, "bad")).stderr).toContain(
      "list.txt:1: 2 words. Expected `image annotation-file mask`, or --mask_folder",
    );
    mkdirSync(join(root, "twins"), { recursive: true });
    write("twice.txt", "img/a.png ann/a.xml\nann/a.png ann/a.xml\n");
    cpSync(join(root, "img/a.png"), join(root, "ann/a.png"));
    const twice = await annoset("twice.txt", [...flags, "--mask_folder=twins"], "bad");
    expect(twice.stderr).toMatch(
      /img\/a.png and ann\/a.png would both have the mask \S*twins\/a.png/,
    );
    const vain = await annoset("list.txt", ["--mask_folder=masks"], "bad");
    expect(vain.stderr).toContain("--mask_folder has no effect with --anno_type=detection");
  });

  test("shuffles, writes LevelDB, and answers to SSD's name", async () => {
    write(
      "many.txt",
      Array.from({ length: 20 }, (_, i) => `img/${i % 2 ? "b" : "a"}.png ann/a.xml\n`).join(""),
    );
    const args = [
      "convert_annoset",
      "--anno_type=detection",
      "--label_map_file=map.prototxt",
      "--backend=leveldb",
      "--shuffle",
      "./",
      "many.txt",
      "many",
    ];
    expect((await caffeHere(args, root)).status).toBe(0);
    const keys = (await records("many")).map(({ key }) => key.slice(9));
    expect(keys).toHaveLength(20);
    expect(keys.slice(0, 10)).not.toEqual(
      keys.slice(0, 10).map((_, i) => `img/${i % 2 ? "b" : "a"}.png`),
    );
  });

  test("warns of boxes outside, turned round, without area, and of files that are not there", async () => {
    write("strange.txt", "img/a.png strange.xml\nimg/b.png none.xml\n");
    write(
      "strange.xml",
      voc(
        object("cat", [-1, 0, 5, 5]) + object("cat", [6, 0, 5, 5]) + object("dog", [5, 5, 5, 9]),
        "<size><width>40</width><height>10</height></size>",
      ),
    );
    const { status, stderr } = await annoset("strange.txt", [], "strange");
    expect(status).toBe(0);
    for (const told of [
      "strange.txt:1: img/a.png is 10×20, and its annotation says 10×40: boxes are taken as shares of that.",
      "strange.txt:1: box -1 0 5 5 of label 1 exceeds the image of 10×40.",
      "strange.txt:1: box 6 0 5 5 of label 1 ends before it begins.",
      "strange.txt:1: box 5 5 5 9 of label 2 has no area.",
      "none.xml is not there: img/b.png counts as without objects.",
    ]) {
      expect(stderr).toContain(told);
    }
    const [a] = await records("strange");
    expect(a?.groups[0]?.annotations[0]?.box[0]).toBe(Math.fround(-1 / 40));
  });

  test.each<readonly [string, string, readonly string[], string]>([
    ["bird.xml", voc(object("birb", [0, 0, 1, 1])), [], 'Unknown name: "birb".'],
    [
      "no-box.xml",
      voc("<object><name>cat</name></object>"),
      [],
      "object 1 has no name, or no bndbox",
    ],
    ["word.xml", voc(object("cat", [0, 0, 1, Number.NaN])), [], 'ymax of object 1 is "NaN"'],
    ["huge.xml", voc(object("cat", [0, 0, 1, 1e300])), [], 'ymax of object 1 is "1e+300"'],
    ["open.xml", "<annotation><object></annotation>", [], "</annotation> closes <object>"],
    ["other.xml", "<html></html>", [], "it is <html>. Expected VOC's <annotation>"],
    ["empty.xml", "", [], "it holds no element"],
    ["list.json", "[]", ["--label_type=json"], "it is no JSON object"],
    ["half.json", '{"annotation": [', ["--label_type=json"], "Expected JSON"],
    [
      "none.json",
      '{"annotation": [{"category_id": 1, "bbox": [1, 2, 3]}]}',
      ["--label_type=json"],
      "no bbox of four numbers",
    ],
    [
      "image.json",
      '{"images": [], "annotations": [{"image_id": 3, "category_id": 1, "bbox": [0, 0, 1, 1]}]}',
      ["--label_type=json"],
      "is of image 3, which is none of its images",
    ],
    ["four.ann", "1 0 0 1\n", ["--label_type=txt"], "Expected `label xmin ymin xmax ymax`"],
    ["label.ann", "9 0 0 1 1\n", ["--label_type=txt"], "label 9 is not one of map.prototxt"],
  ])("refuses %s", async (file, text, flags, told) => {
    write(file, text);
    write("bad.txt", `img/a.png ${file}\n`);
    const { status, stderr } = await annoset("bad.txt", flags, "bad");
    expect(status).not.toBe(0);
    expect(stderr).toContain(told);
    expect(stderr).toContain(file);
    expect(stderr.trim().split("\n").at(-1)?.length).toBeLessThan(400);
  });

  test("refuses lists of other columns, and label maps that are not there or say a name twice", async () => {
    write("three.txt", "img/a.png ann/a.xml more\n");
    expect((await annoset("three.txt", [], "bad")).stderr).toContain("three.txt:1: 3 words");
    const noLabel = await caffeHere(["create_annoset", "./", "list.txt", "bad"], root);
    expect(noLabel.stderr).toContain('list.txt:1: label "ann/a.xml" is not a whole number');
    const noMap = await caffeHere(
      ["create_annoset", "--anno_type=detection", "./", "list.txt", "bad"],
      root,
    );
    expect(noMap.stderr).toContain("--label_map_file is not given");
    write("twice.prototxt", `${MAP} item { name: "cat" label: 5 }`);
    const twice = [
      "create_annoset",
      "--anno_type=detection",
      "--label_map_file=twice.prototxt",
      "--check_label",
      "./",
      "list.txt",
      "bad",
    ];
    expect((await caffeHere(twice, root)).stderr).toContain('duplicates of name: "cat"');
  });
});

describe("caffe create_label_map", () => {
  const items = (file: string): string[] =>
    readFileSync(join(root, file), "utf8").match(/(name|label|display_name): [^\s}]+/g) ?? [];
  const make = (...args: readonly string[]): ReturnType<typeof caffeHere> =>
    caffeHere(["create_label_map", ...args], root);

  test("of a list of names", async () => {
    write("names.txt", "cat\ndog\n");
    expect((await make("--include_background", "names.txt", "names.prototxt")).status).toBe(0);
    expect(items("names.prototxt").filter((_, i) => i % 3 < 2)).toEqual([
      'name: "none_of_the_above"',
      "label: 0",
      'name: "cat"',
      "label: 1",
      'name: "dog"',
      "label: 2",
    ]);
    write("three.csv", "1,5,bird\n2,9,fish\n");
    expect((await make("--delimiter=,", "three.csv", "three.prototxt")).status).toBe(0);
    expect(items("three.prototxt").slice(3)).toEqual([
      'name: "2"',
      "label: 9",
      'display_name: "fish"',
    ]);
    write("mixed.txt", "cat 1\ndog\n");
    expect((await make("mixed.txt", "no.prototxt")).stderr).toContain(
      'mixed.txt:2: "dog" has 1 fields',
    );
  });

  test("of COCO's categories, and of VOC's files", async () => {
    write(
      "cats.json",
      JSON.stringify({
        categories: [
          { id: 3, name: "car" },
          { id: 9, name: "boat" },
        ],
      }),
    );
    expect((await make("cats.json", "coco.prototxt")).status).toBe(0);
    expect(items("coco.prototxt").slice(6)).toEqual([
      'name: "9"',
      "label: 2",
      'display_name: "boat"',
    ]);
    const twice = [
      { id: 9, name: "car" },
      { id: 9, name: "boat" },
    ];
    write("twice.json", JSON.stringify({ categories: twice }));
    const refused = await make("twice.json", "twice.prototxt");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('twice.json: categories "car" and "boat" have one id, 9');
    expect((await make("ann", "voc.prototxt")).status).toBe(0);
    expect(items("voc.prototxt").filter((text) => /^name/.test(text))).toEqual([
      'name: "none_of_the_above"',
      'name: "cat"',
      'name: "dog"',
    ]);
  });
});

describe("caffe get_image_size", () => {
  test("writes names or numbers, height and width", async () => {
    expect((await caffeHere(["get_image_size", "./", "list.txt", "sizes.txt"], root)).status).toBe(
      0,
    );
    expect(readFileSync(join(root, "sizes.txt"), "utf8")).toBe("a 10 20\nb 10 20\n");
    write("ids.txt", "a 31\nb 32\n");
    const args = ["get_image_size", "--name_id_file=ids.txt", "./", "list.txt", "sizes.txt"];
    expect((await caffeHere(args, root)).status).toBe(0);
    expect(readFileSync(join(root, "sizes.txt"), "utf8")).toBe("31 10 20\n32 10 20\n");
    write("ids.txt", "a 31\n");
    expect((await caffeHere(args, root)).stderr).toContain('has no number for "b"');
    args[1] = "--name_id_file=none.txt";
    expect((await caffeHere(args, root)).stderr).toContain('caffe: list "none.txt" cannot be read');
    write("lost.txt", "img/none.png\n");
    const lost = await caffeHere(["get_image_size", "./", "lost.txt", "sizes.txt"], root);
    expect(lost.stderr).toMatch(/lost\.txt:1: .*none\.png/);
  });
});
