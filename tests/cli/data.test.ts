// Damaged and slow data, as the commands that read it tell of them.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { caffeEach, caffeHere, type Ended, startCaffe } from "../support/cli.ts";
import { data, images, loss, rows, windows, writeDamagedSources } from "../support/damaged.ts";
import { readAll } from "../support/databases.ts";
import { noise } from "../support/nets.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = temporaryFolder();
beforeAll(() => writeDamagedSources(root));

/** Writes a solver for a net, and gives the flag that names it. */
function solver(name: string, net: string): string {
  writeFileSync(join(root, `${name}.net.prototxt`), net);
  writeFileSync(
    join(root, `${name}.solver.prototxt`),
    `net: "${name}.net.prototxt" base_lr: 0 lr_policy: "fixed" max_iter: 1000000 snapshot_prefix: "${name}" random_seed: 1`,
  );
  return `--solver=${name}.solver.prototxt`;
}

describe("caffe train ends at a damaged source with one line that names the record", () => {
  const sources: readonly (readonly [string, string, RegExp])[] = [
    [
      "a truncated LMDB",
      data("cut_lmdb", 1) + loss,
      /cut_lmdb\/data\.mdb: the file has 30000 bytes/,
    ],
    [
      "a truncated LevelDB",
      data("cut_leveldb", 1) + loss,
      /cut_leveldb\/\d+\.ldb: it does not end as a table does/,
    ],
    [
      "a Datum of another shape",
      data("other_shape", 4) + loss,
      /other_shape: key "00000002_x": it becomes 1×3×3/,
    ],
    [
      "a JPEG cut in half, in a database",
      data("cut_jpeg", 3) + loss,
      /cut_jpeg: key "00000002_x": Could not load its image: Premature end of JPEG file/,
    ],
    [
      "a label out of range",
      data("labels", 3) + loss,
      /label 7 at position 2\. Expected 0 to 2, a class\. The sample is .*labels: key "00000002_x"/,
    ],
    [
      "a JPEG cut in half, in a list",
      images("half") + loss,
      /half\.txt:2: Could not load .*images\/half\.jpg: Premature end/,
    ],
    [
      "a list with a missing image",
      images("missing") + loss,
      /missing\.txt:2: image ".*images\/gone\.jpg" cannot be read: no such file/,
    ],
    [
      "a decompression bomb",
      images("bomb") + loss,
      /bomb\.txt:2: Could not load .*images\/bomb\.png: it is 100000×100000/,
    ],
    [
      "a path out of the folder",
      images("outside") + loss,
      /outside\.txt:2: \.\.\/.*passwd leads out of .*images\//,
    ],
    [
      "a window's image cut in half",
      windows("windows") + loss,
      /windows\.txt: image 0: Could not load .*images\/half\.jpg/,
    ],
    [
      "an HDF5 file without the dataset",
      rows("no_label.h5.txt") + loss,
      /a\.h5: it has no dataset "label". Expected one of that name; it has data/,
    ],
  ];

  test("each of them", () => {
    const before = readdirSync(root).length;
    const ended = caffeEach(
      sources.map(([, net], i) => ["train", solver(`damaged-${i}`, net), "--engine=reference"]),
      root,
    );
    for (const [i, [what, , message]] of sources.entries()) {
      const { status, stderr } = ended[i] as Ended;
      const last = stderr.trimEnd().split("\n").at(-1) ?? "";
      expect([what, status, last]).toEqual([what, 1, expect.stringMatching(message)]);
      expect(last).toMatch(/^caffe: .*layer "(d|loss)"/);
    }
    // Nothing was written: no snapshot, and no part of one.
    expect(readdirSync(root).length).toBe(before + 2 * sources.length);
  });
});

test("convert_imageset skips what it cannot read, and counts as Caffe does", async () => {
  const names = ["good.jpg", "half.jpg", "gone.jpg", "bomb.png", "../no_label.h5.txt", "good.jpg"];
  writeFileSync(join(root, "all.txt"), names.map((name, i) => `${name} ${i}\n`).join(""));
  const { status, stderr } = await caffeHere(
    ["convert_imageset", "images/", "all.txt", "all_lmdb"],
    root,
  );
  expect(status, stderr).toBe(0);
  expect(stderr.match(/all\.txt:\d: .*$/gm)).toEqual([
    expect.stringMatching(
      /all\.txt:2: Could not load .*images\/half\.jpg: Premature end.* It is skipped\./,
    ),
    expect.stringMatching(/all\.txt:3: image ".*images\/gone\.jpg" cannot be read: no such file/),
    expect.stringMatching(/all\.txt:4: Could not load .*images\/bomb\.png: it is 100000×100000/),
    expect.stringMatching(/all\.txt:5: \.\.\/no_label\.h5\.txt leads out of .*images\//),
  ]);
  expect(stderr).toContain("A total of 6 images.");
  expect(stderr).toContain("Processed 2 files.");
  expect(readAll(join(root, "all_lmdb")).map(([key]) => key)).toEqual([
    "00000000_good.jpg",
    "00000005_good.jpg",
  ]);
  expect(existsSync(join(root, "all_lmdb.part"))).toBe(false);
});

test.each([
  ["compute_image_mean", "other_shape", "mean.binaryproto"],
  ["dataset", "verify", "cut_jpeg"],
])("%s %s names the key of the damaged record", async (...args) => {
  const { status, stdout, stderr } = await caffeHere(args, root);
  expect(status).toBe(1);
  expect(stdout + stderr).toMatch(/key "00000002_x"/);
});

test("a slow source is named in the log with how long training waited", async () => {
  // A large image for each record of a tiny net: decoding is all there is to do.
  const pixels = Uint8Array.from(noise(1500 * 1500 * 3, 1), (value) => 128 + 100 * value);
  const large = sharp(pixels, { raw: { width: 1500, height: 1500, channels: 3 } });
  await large.jpeg().toFile(join(root, "images/large.jpg"));
  writeFileSync(join(root, "slow.txt"), "large.jpg 0\nlarge.jpg 1\n");
  const net = `layer { name: "d" type: "ImageData" top: "data" top: "label" transform_param { crop_size: 8 workers: 1 }
    image_data_param { source: "slow.txt" root_folder: "images/" batch_size: 4 } }`;
  const { child, said, ended } = startCaffe(["train", solver("slow", net + loss)], root);
  const line = await said(/Training waited .* for data from .*$/m);
  child.kill("SIGTERM");
  const { status, stderr } = await ended;
  expect(status, stderr.slice(-500)).toBe(0);
  const [, waited, all, share] =
    /^Training waited (\d+\.\d) s of the last (\d+\.\d) s \((\d+) %\) for data from slow\.txt$/.exec(
      line,
    ) ?? [];
  expect(Number(waited)).toBeLessThanOrEqual(Number(all));
  // What it did not wait for was a net of 200 weights.
  expect(Number(share)).toBeGreaterThan(50);
});
