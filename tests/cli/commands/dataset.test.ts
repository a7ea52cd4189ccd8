import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../src/io/db/open.ts";
import { decodeImage } from "../../../src/io/images/decode.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import { caffeHere } from "../../support/cli.ts";
import { imageBytes } from "../../support/opencv.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

const raw = (channels: number, side: number, label: number): Uint8Array => {
  const data = Uint8Array.from({ length: channels * side * side }, (_, i) => i);
  return encodeDatum({ channels, height: side, width: side, data, label });
};
const encoded = (data: Uint8Array): Uint8Array => encodeDatum({ data, label: 7, encoded: true });

async function make(
  name: string,
  backend: "lmdb" | "leveldb",
  records: readonly Uint8Array[],
): Promise<void> {
  const writer = await createDatabase(join(folder, name), backend);
  for (const [i, record] of records.entries()) await writer.put(`0000000${i}`, record);
  await writer.finish();
}

beforeAll(async () => {
  const jpeg = imageBytes("420.jpg");
  const floats = encodeDatum({
    channels: 1,
    height: 1,
    width: 2,
    floatData: Float32Array.of(-1, 3),
    label: 2,
  });
  await make("whole", "leveldb", [raw(1, 2, 0), raw(3, 2, 1), raw(2, 3, 1), encoded(jpeg), floats]);
  await make("damaged", "lmdb", [
    raw(1, 2, 0),
    Uint8Array.of(8, 1, 34, 200, 1),
    raw(1, 2, 0).slice(0, -6),
    encoded(jpeg.subarray(0, 300)),
    raw(1, 2, -4),
    raw(1, 2, 3),
  ]);
});

const run = (...args: string[]) => caffeHere(["dataset", ...args], folder);

describe("caffe dataset", () => {
  test("info counts records, shapes and labels", async () => {
    const { status, stdout } = await run("info", "whole");
    expect(status).toBe(0);
    expect(stdout.split("\n").slice(0, 9)).toEqual([
      expect.stringMatching(/^whole: leveldb, 5 records, \d+(\.\d)? (bytes|KiB)$/),
      "keys 00000000 to 00000004",
      "shapes:",
      "          1  1×2×2",
      "          1  3×2×2",
      "          1  2×3×3",
      "          1  3×13×19, encoded JPEG",
      "          1  1×1×2, floats",
      "labels: 4",
    ]);
    expect(stdout).toMatch(/^ {7}1 {10}2 {2}█{30}$/m);
    expect(stdout).toMatch(/^ {7}7 {10}1 {2}█{15}$/m);
    expect((await run("info", "damaged")).stdout).toContain("2 damaged records");
  });

  test("verify says that all is whole, or names every record that is not", async () => {
    expect(await run("verify", "whole")).toMatchObject({
      status: 0,
      stdout: "whole: all 5 records are whole.\n",
    });
    const { status, stderr } = await run("verify", "damaged");
    expect(status).toBe(1);
    const lines = stderr.trimEnd().split("\n");
    expect(lines[0]).toMatch(/E\d+ .*damaged: key "00000001": its Datum: the file is cut short/);
    expect(lines[1]).toMatch(/key "00000002": /);
    expect(lines[2]).toMatch(/key "00000003": Could not load its image/);
    expect(lines[3]).toMatch(/key "00000004": its label is -4. Expected 0 or more/);
    expect(lines[4]).toBe("caffe: damaged: 4 of 6 records are damaged.");
  });

  test("head writes the first images as PNG files", async () => {
    const { status, stdout } = await run("head", "whole", "--count=5", "--out=pictures");
    expect(status).toBe(0);
    expect(stdout.split("\n")[3]).toBe("00000003  label 7  3×13×19  pictures/0003_label_7.png");
    expect(readdirSync(join(folder, "pictures"))).toEqual([
      "0000_label_0.png",
      "0001_label_1.png",
      "0002_label_1.png",
      "0003_label_7.png",
      "0004_label_2.png",
    ]);
    const read = async (name: string, isColor: boolean) => {
      const image = await decodeImage(readFileSync(join(folder, "pictures", name)), isColor, name);
      return [image.height, image.width, ...image.data];
    };
    expect(await read("0000_label_0.png", false)).toEqual([2, 2, 0, 1, 2, 3]);
    expect(await read("0001_label_1.png", true)).toEqual([
      2, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
    expect((await read("0002_label_1.png", false)).slice(0, 2)).toEqual([6, 3]);
    expect(await read("0004_label_2.png", false)).toEqual([1, 2, 0, 255]);
  });

  test.each([
    [["info", "nothing"], 'database "nothing" cannot be opened: no such file'],
    [["head", "whole", "--count=0"], "--count is 0. Expected a whole number"],
    [["verify", "whole", "--threads=many"], "--threads is many. Expected a number."],
    [["head", "damaged", "--out=x"], 'damaged: key "00000001": its Datum'],
    [[], "dataset wants one of info, verify, head"],
    [["inof", "whole"], "Unknown"],
  ])("refuses %o", async (args, message) => {
    const { status, stderr } = await run(...args);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n").length).toBe(1);
    expect(status).toBe(1);
  });
});
