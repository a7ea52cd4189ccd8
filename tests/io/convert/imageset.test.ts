import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { convertImageset, type ImagesetOptions } from "../../../src/io/convert/imageset.ts";
import type { RecordResult } from "../../../src/io/convert/record-set.ts";
import { decodeImage } from "../../../src/io/images/decode.ts";
import { imageHeader } from "../../../src/io/images/header.ts";
import { decodeDatum } from "../../../src/io/proto/datum.ts";
import { startCaffe } from "../../support/cli.ts";
import { readAll } from "../../support/databases.ts";
import { imageBytes } from "../../support/opencv.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  mkdirSync(at("images/sub"), { recursive: true });
  for (const name of ["rgb.png", "420.jpg", "gray.jpg", "orientation-6.jpg"]) {
    writeFileSync(at(`images/${name}`), imageBytes(name));
  }
  writeFileSync(at("images/sub/with space.png"), imageBytes("gray.png"));
  writeFileSync(at("images/half.jpg"), imageBytes("420.jpg").subarray(0, 300));
  writeFileSync(at("images/words.png"), "no image");
  writeFileSync(at("list.txt"), "rgb.png 0\n420.jpg 1\nsub/with space.png 2\ngray.jpg 3\n");
  writeFileSync(
    at("bad.txt"),
    "rgb.png 0\nhalf.jpg 1\nwords.png 1\ngone.png 1\n../list.txt 1\n420.jpg 5\n",
  );
  writeFileSync(at("none.txt"), "gone.png 0\nwords.png 1\n");
  writeFileSync(at("sizes.txt"), "rgb.png 0\norientation-6.jpg 1\n");
});

let made = 0;
/** Converts to a new database and gives its path, result and log. */
async function convert(
  more: Partial<ImagesetOptions> = {},
  signal?: AbortSignal,
  onProgress?: (done: number, total: number) => void,
): Promise<{ path: string; result: RecordResult; log: string[] }> {
  const path = more.database ?? at(`db-${made++}`);
  const log: string[] = [];
  const result = await convertImageset(
    {
      root: at("images/"),
      list: at("list.txt"),
      lenient: false,
      database: path,
      backend: "lmdb",
      gray: false,
      shuffle: false,
      seed: 1,
      height: 0,
      width: 0,
      checkSize: false,
      encoded: false,
      encodeType: "",
      resume: false,
      threads: 2,
      ...more,
    },
    (severity, _, message) => log.push(`${severity}: ${message}`),
    onProgress,
    signal,
  );
  return { path, result, log };
}

const datums = (path: string) => readAll(path).map(([, value]) => decodeDatum(value, path));

describe("convertImageset", () => {
  test("writes pixels under number and path, with their labels", async () => {
    const { path, result, log } = await convert();
    expect(result).toEqual({ written: 4, skipped: 0, isInterrupted: false });
    expect(log).toEqual(["info: A total of 4 images.", "info: Processed 4 files."]);
    expect(readAll(path).map(([key]) => key)).toEqual([
      "00000000_rgb.png",
      "00000001_420.jpg",
      "00000002_sub/with space.png",
      "00000003_gray.jpg",
    ]);
    for (const [i, datum] of datums(path).entries()) {
      expect(datum).toMatchObject({ channels: 3, height: 13, width: 19, label: i, encoded: false });
    }
    const rgb = await decodeImage(imageBytes("rgb.png"), true, "rgb.png");
    expect(datums(path)[0]?.data).toEqual(rgb.data);
  });

  test("makes images grey, and brings them to one size", async () => {
    const { path } = await convert({ gray: true, height: 4, width: 5, backend: "leveldb" });
    for (const datum of datums(path)) {
      expect(datum).toMatchObject({ channels: 1, height: 4, width: 5 });
      expect(datum.data.length).toBe(20);
    }
  });

  test("keeps files as they are, or makes them of another kind", async () => {
    const kept = await convert({ encoded: true });
    expect(datums(kept.path).map(({ data }) => Buffer.from(data))).toEqual(
      ["rgb.png", "420.jpg", "gray.png", "gray.jpg"].map((name) => Buffer.from(imageBytes(name))),
    );
    const png = await convert({ encodeType: "png", height: 6, width: 7 });
    for (const { data, encoded } of datums(png.path)) {
      expect(encoded).toBe(true);
      expect(imageHeader(data, "png")).toMatchObject({ format: "PNG", height: 6, width: 7 });
    }
    const jpeg = await convert({ encoded: true, encodeType: "jpg", gray: true });
    // A file that is a JPEG already is kept, whatever its colours, as Caffe does.
    expect(datums(jpeg.path).map(({ data }) => imageHeader(data, "jpg"))).toMatchObject(
      [1, 3, 1, 1].map((channels) => ({ format: "JPEG", channels })),
    );
    // PNG loses nothing: what was encoded decodes to what was resized.
    const raw = await convert({ height: 6, width: 7 });
    for (const [i, { data }] of datums(png.path).entries()) {
      expect((await decodeImage(data, true, "png")).data).toEqual(datums(raw.path)[i]?.data);
    }
    await expect(convert({ encodeType: "gif" })).rejects.toThrow(
      'images of kind "gif" cannot be written. Expected one of jpg',
    );
  });

  test("makes files that lose nothing, but for JPEG", async () => {
    const raw = await convert({ height: 6, width: 7 });
    const pixels = datums(raw.path).map(({ data }) => Buffer.from(data));
    for (const encodeType of ["png", "webp", "tiff", "bmp", "ppm"]) {
      const { path } = await convert({ encodeType, height: 6, width: 7 });
      const decoded = datums(path).map(({ data }) => decodeImage(data, true, encodeType));
      const got = (await Promise.all(decoded)).map(({ data }) => Buffer.from(data));
      expect(got, encodeType).toEqual(pixels);
    }
    await expect(convert({ encodeType: "constructor" })).rejects.toThrow("cannot be written");
  });

  test("skips a pipe, which would be read for ever", async () => {
    execFileSync("mkfifo", [at("images/pipe.png")]);
    writeFileSync(at("pipe.txt"), "rgb.png 0\npipe.png 1\n");
    const { result, log } = await convert({ list: at("pipe.txt") });
    expect(result).toEqual({ written: 1, skipped: 1, isInterrupted: false });
    expect(log[1]).toMatch(/pipe\.txt:2: image ".*pipe\.png" cannot be read: it is a pipe/);
  });

  test("shuffles as the seed says", async () => {
    const labels = async (seed: number): Promise<number[]> =>
      datums((await convert({ shuffle: true, seed })).path).map(({ label }) => label);
    const orders = await Promise.all([1, 2, 3, 4, 5].map(labels));
    for (const order of orders) expect([...order].sort()).toEqual([0, 1, 2, 3]);
    expect(new Set(orders.map(String)).size).toBeGreaterThan(2);
    expect(await labels(3)).toEqual(orders[2]);
  });

  test("skips what cannot be read, with its line and why, and counts as Caffe does", async () => {
    const { path, result, log } = await convert({ list: at("bad.txt") });
    expect(result).toEqual({ written: 2, skipped: 4, isInterrupted: false });
    expect(readAll(path).map(([key]) => key)).toEqual(["00000000_rgb.png", "00000005_420.jpg"]);
    expect(log[1]).toMatch(/^error: .*bad\.txt:2: Could not load .*half\.jpg: .* It is skipped\.$/);
    expect(log[2]).toMatch(/bad\.txt:3: Could not load .*words\.png: it does not begin as/);
    expect(log[3]).toMatch(/bad\.txt:4: image ".*gone\.png" cannot be read: no such file/);
    expect(log[4]).toMatch(/bad\.txt:5: \.\.\/list\.txt leads out of/);
    expect(log[5]).toBe("info: Processed 2 files.");
  });

  test("stops before anything is read at a label that is no whole number, or takes Caffe's", async () => {
    writeFileSync(at("floats.txt"), "rgb.png 1\nrgb.png 0.5\nrgb.png 4294967297\n");
    await expect(convert({ list: at("floats.txt") })).rejects.toThrow(
      /floats\.txt:2: label "0\.5" is not a whole number .* Caffe takes 0; .*"lenient"/,
    );
    const { path, log } = await convert({ list: at("floats.txt"), lenient: true });
    expect(datums(path).map(({ label }) => label)).toEqual([1, 0, 1]);
    expect(log.filter((line) => line.startsWith("warning"))).toEqual([
      expect.stringMatching(/floats\.txt:2: label "0\.5" is taken for 0, .*; so are 1 others/),
    ]);
  });

  test("stops at another size where that is asked for, and where nothing can be read; nothing is left", async () => {
    const before = readdirSync(folder);
    await expect(convert({ list: at("sizes.txt"), checkSize: true })).rejects.toThrow(
      /sizes\.txt:2: orientation-6\.jpg is 3×19×13, and the first image 3×13×19. Incorrect data field size 741/,
    );
    await expect(convert({ list: at("none.txt") })).rejects.toThrow(
      "none of its 2 images could be read",
    );
    await expect(convert({ list: at("nowhere.txt") })).rejects.toThrow("no such file");
    await expect(convert({ database: at("images") })).rejects.toThrow(
      "exists. Expected a new name",
    );
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe("a run that is stopped", () => {
  const LINES = 300;
  const long = { list: "", encoded: true };
  beforeAll(() => {
    long.list = at("long.txt");
    writeFileSync(long.list, "rgb.png 1\n420.jpg 2\ngray.jpg 3\n".repeat(LINES / 3));
  });
  const digest = (path: string): string => {
    const hash = createHash("sha1");
    for (const [key, value] of readAll(path)) hash.update(key).update(value);
    return hash.digest("hex");
  };

  test.each(["lmdb", "leveldb"] as const)("goes on to the same %s", async (backend) => {
    const whole = await convert({ ...long, backend });
    const path = at(`stopped-${backend}`);
    const stop = new AbortController();
    const first = await convert({ ...long, backend, database: path }, stop.signal, (done) => {
      if (done === 120) stop.abort();
    });
    expect(first.result).toMatchObject({ written: 120, isInterrupted: true });
    expect(existsSync(path)).toBe(false);
    await expect(
      convert({ ...long, backend, database: path, resume: true, gray: true }),
    ).rejects.toThrow("was begun with another list or other flags");
    const second = await convert({ ...long, backend, database: path, resume: true });
    expect(second.result).toMatchObject({ written: LINES - 120, isInterrupted: false });
    expect(digest(path)).toBe(digest(whole.path));
    expect(readdirSync(folder).filter((name) => name.includes(".part"))).toEqual([]);
  });

  test("is begun anew without --resume, and --resume begins where nothing was", async () => {
    const path = at("anew");
    const stop = new AbortController();
    await convert({ ...long, database: path }, stop.signal, (done) => {
      if (done === 30) stop.abort();
    });
    expect((await convert({ ...long, database: path })).result.written).toBe(LINES);
    const other = await convert({ ...long, database: at("from-nothing"), resume: true });
    expect(other.result.written).toBe(LINES);
    expect(digest(path)).toBe(digest(other.path));
  });

  test("by a version that mixed records is not gone on with", async () => {
    const path = at("older");
    const stop = new AbortController();
    await convert({ ...long, database: path }, stop.signal, (done) => {
      if (done === 30) stop.abort();
    });
    const begun = JSON.parse(readFileSync(`${path}.part.json`, "utf8"));
    writeFileSync(`${path}.part.json`, JSON.stringify({ digest: begun.digest }));
    await expect(convert({ ...long, database: path, resume: true })).rejects.toThrow(
      "was begun by an older version",
    );
    for (const damaged of ["", '{"order": 1, "dig', "null"]) {
      writeFileSync(`${path}.part.json`, damaged);
      await expect(convert({ ...long, database: path, resume: true })).rejects.toThrow(
        /^progress file ".*older\.part\.json" is damaged/,
      );
    }
    expect((await convert({ ...long, database: path })).result.written).toBe(LINES);
  });

  test("by a signal, or killed: the command says how to go on, and does", async () => {
    const path = at("killed");
    // Larger, so that it is still at work when the signal comes.
    writeFileSync(at("huge.txt"), "rgb.png 1\n420.jpg 2\ngray.jpg 3\n".repeat(2000));
    const args = [
      "convert_imageset",
      "--resize_height=60",
      "--resize_width=60",
      at("images/"),
      at("huge.txt"),
      path,
    ];
    const interrupted = startCaffe(args, folder);
    await interrupted.said(/Processed 1000 files/);
    interrupted.child.kill("SIGINT");
    const { status, stderr } = await interrupted.ended;
    expect(stderr).toMatch(
      /caffe: interrupted after \d+ images\. Run the same command with --resume/,
    );
    expect(status).toBe(1);
    const killed = startCaffe([...args, "--resume"], folder);
    await killed.said(/Processed 1000 files/);
    killed.child.kill("SIGKILL");
    await killed.ended;
    expect(existsSync(path)).toBe(false);
    const resumed = startCaffe([...args, "--resume"], folder);
    expect((await resumed.ended).status).toBe(0);
    const keys = readAll(path).map(([key]) => Number.parseInt(key, 10));
    expect(keys).toEqual(Array.from({ length: 6000 }, (_, i) => i));
    expect(readFileSync(join(path, "data.mdb")).readUInt32LE(20)).toBe(1);
  });
});
