import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { convertMnist } from "../../../src/io/convert/mnist.ts";
import { readIdx } from "../../../src/io/lists/idx.ts";
import { FileError, FormatError } from "../../../src/util/errors.ts";
import { readAll } from "../../support/databases.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const golden = new URL("../../golden/cases/data/db_mnist_0/", import.meta.url).pathname;
const images = join(golden, "images.idx");
const labels = join(golden, "labels.idx");
const folder = temporaryFolder();

/** Keys and SHA-1 of values, as Caffe's convert_mnist_data wrote them. */
function entries(): { key: string; value_sha1: string }[] {
  const info = JSON.parse(readFileSync(join(golden, "case.json"), "utf8"));
  return info.databases[0].entries.map(({ key, value_sha1 }: Record<string, string>) => ({
    key,
    value_sha1,
  }));
}

function read(path: string): { key: string; value_sha1: string }[] {
  return readAll(path).map(([key, value]) => ({
    key,
    value_sha1: createHash("sha1").update(value).digest("hex"),
  }));
}

test("writes the keys and bytes that Caffe's convert_mnist_data writes", async () => {
  const path = join(folder, "db");
  const progress: number[][] = [];
  const count = await convertMnist(images, labels, path, "lmdb", (done, total) =>
    progress.push([done, total]),
  );
  expect(count).toBe(entries().length);
  expect(progress.at(-1)).toEqual([count, count]);
  expect(read(path)).toEqual(entries());
  // What liblmdb 0.9 must find: format 1, and records in the unnamed database itself.
  const head = readFileSync(join(path, "data.mdb"));
  expect([head.readUInt32LE(16), head.readUInt32LE(20)]).toEqual([0xbeefc0de, 1]);
  expect(readdirSync(path).filter((name) => name !== "lock.mdb")).toEqual(["data.mdb"]);
  await expect(convertMnist(images, labels, path)).rejects.toThrow(FileError);
});

test("reads files packed by gzip; refuses one cut short", async () => {
  const packed = gzipSync(readFileSync(images));
  const path = join(folder, "images.gz");
  writeFileSync(path, packed);
  expect(readIdx(path)).toEqual(readIdx(images));
  writeFileSync(path, packed.subarray(0, packed.length - 12));
  expect(() => readIdx(path)).toThrow(FormatError);
  expect(() => readIdx(path)).toThrow("Expected a whole gzip file; it is cut short or damaged");
});

test("files that do not belong together leave no database", async () => {
  const path = join(folder, "none");
  await expect(convertMnist(labels, labels, path)).rejects.toThrow("it has 1 axes. Expected 3");
  await expect(convertMnist(images, images, path)).rejects.toThrow(
    "Expected 6, one for each image",
  );
  await expect(convertMnist("/nowhere", labels, path)).rejects.toThrow(FileError);
  expect(existsSync(path)).toBe(false);
});
