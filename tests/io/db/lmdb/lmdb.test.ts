import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createLmdb } from "../../../../src/io/db/lmdb/create.ts";
import { openLmdb } from "../../../../src/io/db/lmdb/lmdb.ts";
import { openDatabase } from "../../../../src/io/db/open.ts";
import { FileError, FormatError } from "../../../../src/util/errors.ts";
import { Random } from "../../../../src/util/random.ts";
import { readAll } from "../../../support/databases.ts";
import { runPython, systemPython } from "../../../support/opencv.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = join(folder, "db");
const PAGE = 4096;
let whole: Buffer;

beforeAll(async () => {
  const writer = createLmdb(path);
  for (let i = 0; i < 300; i++) await writer.put(String(i).padStart(8, "0"), new Uint8Array(100));
  await writer.finish();
  whole = readFileSync(join(path, "data.mdb"));
});

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

describe("a damaged database is refused", () => {
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
    ["a root of zeros", (b) => void b.fill(0, rootAt(), rootAt() + PAGE), "is damaged"],
    ["a cut page", (b) => b.subarray(0, b.length - 1), "cut short"],
    ["one page", (b) => b.subarray(0, PAGE), "cut short"],
    ["an empty file", (b) => b.subarray(0, 0), "the file has 0 bytes"],
    ["format 2", formatTwo, "it is of LMDB data format 2. Expected 1"],
  ])("%s", (name, change, message) => {
    const copy = changed(name.replaceAll(" ", "-"), change);
    expect(() => readAll(copy)).toThrow(message);
    expect(() => readAll(copy)).toThrow(FormatError);
  });

  test("wherever a byte is wrong: every record, or one clear error", () => {
    const random = new Random(11);
    const copy = changed("flipped", () => undefined);
    const file = openSync(join(copy, "data.mdb"), "r+");
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      // The heads of pages and nodes, rather than the zeros of values.
      const page = random.below(whole.length / PAGE) * PAGE;
      const at = page + (i % 2 ? random.below(140) : random.below(PAGE));
      const before = whole[at] ?? 0;
      writeSync(file, Uint8Array.of(before ^ (1 << random.below(8))), 0, 1, at);
      try {
        readAll(copy);
      } catch (error) {
        refused++;
        expect(error).toBeInstanceOf(FormatError);
      }
      writeSync(file, Uint8Array.of(before), 0, 1, at);
    }
    closeSync(file);
    expect(refused).toBeGreaterThan(40);
    expect(readAll(copy)).toEqual(readAll(path));
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

test("a cursor goes on from anywhere, and back to the beginning", () => {
  const db = openLmdb(path);
  const cursor = db.cursor();
  const key = (): string => new TextDecoder().decode(cursor.next()?.key);
  expect([cursor.skip(298), key(), key(), key()]).toEqual([298, "00000298", "00000299", ""]);
  cursor.rewind();
  expect([key(), cursor.skip(100), key(), cursor.skip(1000), key()]).toEqual([
    "00000000",
    100,
    "00000101",
    198,
    "",
  ]);
  db.close();
});

test("records larger than a page", async () => {
  const large = join(folder, "large");
  const writer = createLmdb(large);
  for (let i = 0; i < 20; i++) await writer.put(String(i), new Uint8Array(100_000).fill(i));
  await writer.finish();
  expect(readAll(large).map(([key, value]) => [key, value.length, value[0], value.at(-1)])).toEqual(
    Array.from({ length: 20 }, (_, i) => String(i))
      .sort()
      .map((key) => [key, 100_000, Number(key), Number(key)]),
  );
});

test("a name below a file cannot be written; a file and nothing cannot be opened", () => {
  const file = join(folder, "file");
  writeFileSync(file, "x");
  expect(() => createLmdb(join(file, "db"))).toThrow(FileError);
  expect(() => createLmdb(join(file, "db"))).toThrow("cannot be written");
  expect(() => openDatabase(file)).toThrow(FileError);
  expect(() => openDatabase(join(folder, "nothing"))).toThrow("no such file or directory");
  symlinkSync("ring", join(folder, "ring"));
  expect(() => openDatabase(join(folder, "ring"))).toThrow(
    'ring" cannot be opened: its links lead in a circle',
  );
  expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
});

/** Every record of a database, values by their bytes. */
const contents = (database: string): [string, string][] =>
  readAll(database).map(([key, value]) => [key, Buffer.from(value).toString("hex")]);

test("keys in any order are written in theirs, and of equal keys the last value counts", async () => {
  const shuffled = join(folder, "shuffled");
  const writer = createLmdb(shuffled);
  const expected = new Map<string, string>();
  for (let i = 0; i < 700; i++) {
    const key = `${(i * 277) % 500}`;
    const value = new Uint8Array((i * 397) % 5000).fill(i);
    expected.set(key, Buffer.from(value).toString("hex"));
    await writer.put(key, value);
  }
  await writer.finish();
  expect(contents(shuffled)).toEqual(
    [...expected].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  expect(readdirSync(shuffled)).toEqual(["data.mdb"]);
});

test("an empty key, one that is too long", async () => {
  const writer = createLmdb(join(folder, "keys"));
  await writer.put("k".repeat(511), new Uint8Array(1));
  await expect(writer.put("", new Uint8Array(1))).rejects.toThrow("has 0 bytes. Expected 1 to 511");
  await expect(writer.put("é".repeat(256), new Uint8Array(1))).rejects.toThrow("has 512 bytes");
  await writer.finish();
  expect(contents(join(folder, "keys"))).toEqual([["k".repeat(511), "00"]]);
});

test("a run goes on from where an interrupted one came to the disk", async () => {
  const key = (i: number): string => String(i).padStart(8, "0");
  const value = (i: number): Uint8Array => new Uint8Array((i * 397) % 5000).fill(i);
  const resumed = join(folder, "resumed");
  const first = createLmdb(resumed);
  for (let i = 0; i < 1500; i++) await first.put(key(i), value(i));
  // As a killed process leaves it: 1000 records are on the disk, and pages that nobody vouches for behind them.
  const second = createLmdb(resumed, true);
  expect(second.lastKey).toBe(key(999));
  for (let i = 1000; i < 1200; i++) await second.put(key(i), value(i));
  await second.suspend();
  const third = createLmdb(resumed, true);
  expect(third.lastKey).toBe(key(1199));
  for (let i = 1200; i < 1300; i++) await third.put(key(i), value(i));
  await third.finish();
  expect(contents(resumed)).toEqual(
    Array.from({ length: 1300 }, (_, i) => [key(i), Buffer.from(value(i)).toString("hex")]),
  );
});

test("what an interrupted run left damaged is begun again from nothing", async () => {
  const begun = join(folder, "begun");
  mkdirSync(`${begun}.part`);
  writeFileSync(join(`${begun}.part`, "data.mdb"), new Uint8Array(3 * PAGE));
  const writer = createLmdb(begun, true);
  expect(writer.lastKey).toBeUndefined();
  await writer.put("a", Uint8Array.of(1));
  await writer.finish();
  expect(contents(begun)).toEqual([["a", "01"]]);
});

describe("with liblmdb itself (python3-lmdb)", () => {
  const python = systemPython("lmdb");
  const hashes = (records: [string, Uint8Array][]): string =>
    records
      .map(([key, value]) => `${key} ${createHash("sha1").update(value).digest("hex")}\n`)
      .join("");

  test.skipIf(!python)("it reads what is written here", () => {
    const read = `
import lmdb, hashlib
with lmdb.open(${JSON.stringify(path)}, readonly=True, lock=False).begin() as txn:
    for key, value in txn.cursor():
        print(key.decode(), hashlib.sha1(value).hexdigest())`;
    expect(runPython(python ?? "", read).toString()).toBe(hashes(readAll(path)));
  });

  test.skipIf(!python)("it finds every key, changes and deletes what is written here", async () => {
    const changedByIt = join(folder, "changed-by-it");
    const writer = createLmdb(changedByIt);
    // Keys of 500 bytes: eight to a page, so that there are three levels of branches.
    const key = (i: number): string => String(i).padStart(8, "0").padEnd(500, "x");
    for (let i = 0; i < 2000; i++) {
      await writer.put(key(i), new Uint8Array(i % 7 === 0 ? 5000 : 20));
    }
    await writer.finish();
    const change = `
import lmdb
env = lmdb.open(${JSON.stringify(changedByIt)}, map_size=2**28)
key = lambda i: (b"%08d" % i).ljust(500, b"x")
with env.begin(write=True) as txn:
    assert all(len(txn.get(key(i))) == (5000 if i % 7 == 0 else 20) for i in range(2000))
    for i in range(0, 2000, 3): assert txn.delete(key(i))
    for i in range(1, 2000, 3): txn.put(key(i), bytes(3000))
print(env.stat()["depth"], env.stat()["entries"])`;
    expect(runPython(python ?? "", change).toString()).toBe("4 1333\n");
    expect(
      readAll(changedByIt).map(([key, value]) => [Number(key.slice(0, 8)), value.length]),
    ).toEqual(
      Array.from({ length: 2000 }, (_, i) => [
        i,
        i % 3 === 1 ? 3000 : i % 7 === 0 ? 5000 : 20,
      ]).filter(([i]) => (i as number) % 3 !== 0),
    );
  });

  test.skipIf(!python)("what it writes, changes and deletes is read here, small and large", () => {
    const theirs = join(folder, "theirs");
    const write = `
import lmdb, hashlib
env = lmdb.open(${JSON.stringify(theirs)}, map_size=2**28)
def value(i): return bytes((i * k) % 251 for k in range((i * 397) % 9000))
with env.begin(write=True) as txn:
    for i in range(700): txn.put(b"%05d" % ((i * 277) % 700), value(i))
with env.begin(write=True) as txn:
    for i in range(0, 700, 3): txn.delete(b"%05d" % i)
    for i in range(1, 700, 3): txn.put(b"%05d" % i, value(i + 5))
with env.begin() as txn:
    for key, value in txn.cursor(): print(key.decode(), hashlib.sha1(value).hexdigest())`;
    expect(runPython(python ?? "", write).toString()).toBe(hashes(readAll(theirs)));
  });
});
