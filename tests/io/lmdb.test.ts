import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLmdb, openLmdb } from "../../src/io/db/lmdb.ts";
import { openDatabase } from "../../src/io/db/open.ts";
import { FileError, FormatError } from "../../src/util/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "lmdb-"));
const path = join(folder, "db");
const PAGE = 4096;
let whole: Buffer;

beforeAll(async () => {
  const writer = createLmdb(path);
  for (let i = 0; i < 300; i++) await writer.put(String(i).padStart(8, "0"), new Uint8Array(100));
  await writer.finish();
  whole = readFileSync(join(path, "data.mdb"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A database whose file is a changed copy of the whole one. */
function changed(name: string, change: (bytes: Buffer) => Buffer | undefined): string {
  const copy = join(folder, name);
  mkdirSync(copy);
  const bytes = Buffer.from(whole);
  writeFileSync(join(copy, "data.mdb"), change(bytes) ?? bytes);
  return copy;
}

/** Where the newer meta page begins, behind its header. */
const newer = (): number =>
  whole.readBigUInt64LE(PAGE + 144) > whole.readBigUInt64LE(144) ? PAGE + 16 : 16;

describe("a damaged database is refused before the library, which would end the process, sees it", () => {
  test.each<[string, (bytes: Buffer) => Buffer | undefined, string]>([
    ["page size 0", (b) => void b.writeUInt32LE(0, 40), "its pages have 0 bytes"],
    ["page size 5000", (b) => void b.writeUInt32LE(5000, 40), "its pages have 5000 bytes"],
    ["page sizes that differ", (b) => void b.writeUInt32LE(8192, PAGE + 40), "its head is damaged"],
    [
      "a root that is a head",
      (b) => void b.writeBigUInt64LE(0n, newer() + 112),
      "its head is damaged",
    ],
    [
      "a root beyond the end",
      (b) => void b.writeBigUInt64LE(9n ** 9n, newer() + 112),
      "its head is damaged",
    ],
    ["a root of zeros", (b) => void b.fill(0, rootAt(), rootAt() + PAGE), "its head is damaged"],
    ["a cut page", (b) => b.subarray(0, b.length - 1), "it is cut short"],
    ["one page", (b) => b.subarray(0, PAGE), "it is cut short"],
    ["an empty file", (b) => b.subarray(0, 0), "the file has 0 bytes"],
    ["format 2", formatTwo, "it is of LMDB data format 2. Expected 1"],
  ])("%s", (name, change, message) => {
    const copy = changed(name.replaceAll(" ", "-"), change);
    expect(() => openLmdb(copy)).toThrow(message);
    expect(() => openLmdb(copy)).toThrow(FormatError);
  });
});

function rootAt(): number {
  return Number(whole.readBigUInt64LE(newer() + 112)) * PAGE;
}

/** A head as LMDB 1.0 writes it: its page headers are longer by 8 bytes. */
function formatTwo(bytes: Buffer): Buffer {
  for (const at of [0, PAGE]) {
    bytes.copyWithin(at + 24, at + 16, at + 152);
    bytes.fill(0, at, at + 24);
    bytes.writeUInt32LE(2, at + 28);
  }
  return bytes;
}

test("a cursor begins anywhere and goes round", () => {
  const db = openLmdb(path);
  const cursor = db.cursor(298 + 300);
  const keys = Array.from({ length: 4 }, () => new TextDecoder().decode(cursor.next().key));
  expect(keys).toEqual(["00000298", "00000299", "00000000", "00000001"]);
  cursor.close();
  db.close();
});

test("records larger than a page", async () => {
  const large = join(folder, "large");
  const writer = createLmdb(large);
  for (let i = 0; i < 20; i++) await writer.put(String(i), new Uint8Array(100_000).fill(i));
  await writer.finish();
  const db = openLmdb(large);
  const cursor = db.cursor(0);
  for (const key of Array.from({ length: 20 }, (_, i) => String(i)).sort()) {
    const { value } = cursor.next();
    expect([value.length, value[0], value.at(-1)]).toEqual([100_000, Number(key), Number(key)]);
  }
  cursor.close();
  db.close();
});

test("a name below a file cannot be written; a file, LevelDB and nothing cannot be opened", () => {
  const file = join(folder, "file");
  writeFileSync(file, "x");
  expect(() => createLmdb(join(file, "db"))).toThrow(FileError);
  expect(() => createLmdb(join(file, "db"))).toThrow("cannot be written");
  expect(() => openDatabase(file)).toThrow(FileError);
  expect(() => openDatabase(join(folder, "nothing"))).toThrow("no such file or directory");
  const level = join(folder, "level");
  mkdirSync(level);
  writeFileSync(join(level, "CURRENT"), "MANIFEST-000002\n");
  expect(() => openDatabase(level)).toThrow("it is a LevelDB database. Expected LMDB");
  expect(readdirSync(folder).filter((name) => name.includes(".part-"))).toEqual([]);
});
