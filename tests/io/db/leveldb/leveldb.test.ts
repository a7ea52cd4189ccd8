import { createHash } from "node:crypto";
import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { beforeAll, describe, expect, test } from "vitest";
import { createLeveldb } from "../../../../src/io/db/leveldb/create.ts";
import { openLeveldb } from "../../../../src/io/db/leveldb/leveldb.ts";
import { PartialFolder } from "../../../../src/io/files/partial-folder.ts";
import { FileError, FormatError } from "../../../../src/util/errors.ts";
import { Random } from "../../../../src/util/random.ts";
import { readAll } from "../../../support/databases.ts";
import { runPython, systemPython } from "../../../support/opencv.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = join(folder, "db");

const COUNT = 100;
/** Values from nothing to several of a log's blocks. */
const value = (i: number): Uint8Array =>
  Uint8Array.from({ length: (i * 397) % 100_000 }, (_, k) => (i * k) % 251);
const key = (i: number): string => String(i).padStart(5, "0");
const hashes = (records: [string, Uint8Array][]): string =>
  records
    .map(([name, bytes]) => `${name} ${createHash("sha1").update(bytes).digest("hex")}\n`)
    .join("");

beforeAll(async () => {
  const writer = createLeveldb(path);
  for (let i = 0; i < COUNT; i++) await writer.put(key(i), value(i));
  await writer.finish();
});

describe("LevelDB", () => {
  test("what is written is read, in key order, and nothing in the folder changes by reading", () => {
    const before = listing(path);
    expect(hashes(readAll(path))).toBe(
      hashes(Array.from({ length: COUNT }, (_, i) => [key(i), value(i)])),
    );
    expect(listing(path)).toEqual(before);
    expect(readdirSync(path).filter((name) => !/^(CURRENT|MANIFEST-|\d+\.)/.test(name))).toEqual(
      [],
    );
  });

  test("a cursor passes over records, and begins anew", () => {
    const db = openLeveldb(path);
    expect([db.backend, db.count]).toEqual(["leveldb", undefined]);
    const cursor = db.cursor();
    const next = (): string => new TextDecoder().decode(cursor.next()?.key);
    expect([cursor.skip(98), next(), cursor.skip(9), next()]).toEqual([98, key(98), 1, ""]);
    cursor.rewind();
    expect(next()).toBe(key(0));
    cursor.close();
    db.close();
  });

  test("a name that is taken, and one below a file, are refused", async () => {
    expect(() => createLeveldb(path)).toThrow("exists. Expected a new name");
    writeFileSync(join(folder, "file"), "x");
    expect(() => createLeveldb(join(folder, "file", "db"))).toThrow(FileError);
  });

  test("a run that was interrupted is continued behind its last key, or leaves nothing", async () => {
    const interrupted = join(folder, "interrupted");
    const first = createLeveldb(interrupted);
    await first.put("a", Uint8Array.of(1));
    await first.suspend();
    expect(readdirSync(folder)).toContain("interrupted.part");
    const second = createLeveldb(interrupted, true);
    expect(second.lastKey).toBe("a");
    await second.put("b", Uint8Array.of(2));
    await second.finish();
    expect(readAll(interrupted).map(([name]) => name)).toEqual(["a", "b"]);
    const third = createLeveldb(join(folder, "abandoned"));
    await third.put("a", Uint8Array.of(1));
    await third.abandon();
    expect(readdirSync(folder).filter((name) => /part|abandoned/.test(name))).toEqual([]);
  });
});

describe("a database that BVLC Caffe wrote", () => {
  const golden = new URL("../../../golden/cases/data/", import.meta.url).pathname;
  test.each([
    ["db_leveldb_crop_0", "with a table and a log"],
    ["db_mean_crop2_0", "with a log alone"],
  ])("%s, %s, is read where it lies", (name) => {
    const db = join(golden, name, "db");
    const before = listing(db);
    const [info] = JSON.parse(readFileSync(join(golden, name, "case.json"), "utf8")).databases;
    expect(hashes(readAll(db))).toBe(
      info.entries
        .map((entry: Record<string, string>) => `${entry["key"]} ${entry["value_sha1"]}\n`)
        .join(""),
    );
    expect(listing(db)).toEqual(before);
  });
});

describe("with LevelDB itself, as classic-level has it", () => {
  /** Opens a copy: LevelDB changes what it opens. */
  async function theirs(path: string): Promise<[string, Uint8Array][]> {
    const copy = `${path}-copy`;
    cpSync(path, copy, { recursive: true });
    const options = { keyEncoding: "utf8", valueEncoding: "view", createIfMissing: false } as const;
    const database = new ClassicLevel<string, Uint8Array>(copy, options);
    await database.open();
    const records = await database.iterator().all();
    // All of it is read, checked and sorted anew.
    await database.compactRange("", "~");
    expect(hashes(await database.iterator().all())).toBe(hashes(records));
    await database.close();
    return records;
  }

  test("it reads what is written here", async () => {
    expect(hashes(await theirs(path))).toBe(hashes(readAll(path)));
  });

  test("of several tables, keys in any order, and keys that are written again", async () => {
    const several = join(folder, "several");
    const size = 30_000;
    const random = new Random(3);
    const noise = Uint8Array.from({ length: size }, () => random.below(256));
    const wanted = new Map<string, Uint8Array>();
    let writes = 0;
    const put = async (i: number): Promise<void> => {
      const bytes = noise.slice(i, size - i);
      bytes[0] = ++writes;
      wanted.set(key(i), bytes);
      await writer.put(key(i), bytes);
    };
    let writer = createLeveldb(several, false, 100_000);
    for (let i = 0; i < 8; i++) await put(i);
    await writer.suspend();
    writer = createLeveldb(several, true, 100_000);
    expect(writer.lastKey).toBe(key(7));
    for (const i of [20, 5, 12, 30, 5, 11]) await put(i);
    for (const i of [40, 41]) await put(i);
    await put(5);
    await writer.finish();
    expect(readdirSync(several).filter((name) => name.endsWith(".ldb")).length).toBeGreaterThan(3);
    const sorted = hashes([...wanted].sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(hashes(readAll(several))).toBe(sorted);
    expect(hashes(await theirs(several))).toBe(sorted);
  });
});

describe("with LevelDB itself (python3-plyvel)", () => {
  const python = systemPython("plyvel");

  test.skipIf(!python)("it reads what is written here", () => {
    const copy = join(folder, "for-python");
    cpSync(path, copy, { recursive: true });
    const read = `
import plyvel, hashlib
for key, value in plyvel.DB(${JSON.stringify(copy)}):
    print(key.decode(), hashlib.sha1(value).hexdigest())`;
    expect(runPython(python ?? "", read).toString()).toBe(hashes(readAll(path)));
  });

  test.skipIf(!python)(
    "what it writes, changes and deletes is read here, whatever its tables",
    () => {
      const theirs = join(folder, "theirs");
      const write = `
import plyvel, hashlib
# A small write buffer makes many tables, on several levels.
def open(): return plyvel.DB(${JSON.stringify(theirs)}, create_if_missing=True, write_buffer_size=100000, max_file_size=150000)
def value(i): return bytes((i * k) % 251 for k in range((i * 397) % 9000))
db = open()
for i in range(700): db.put(b"%05d" % ((i * 277) % 700), value(i))
for i in range(0, 700, 3): db.delete(b"%05d" % i)
db.close()
db = open()
for i in range(1, 700, 3): db.put(b"%05d" % i, value(i + 5))
for key, value in db: print(key.decode(), hashlib.sha1(value).hexdigest())
db.close()`;
      expect(runPython(python ?? "", write).toString()).toBe(hashes(readAll(theirs)));
      expect(readdirSync(theirs).filter((name) => name.endsWith(".ldb")).length).toBeGreaterThan(1);
    },
  );
});

describe("a damaged database is refused", () => {
  let count = 0;
  /** A copy of which one file, found by its suffix, is changed. */
  function changed(from: string, pattern: RegExp, change: (file: string) => void): string {
    const copy = join(folder, `damaged-${count++}`);
    cpSync(from, copy, { recursive: true });
    const file = readdirSync(copy).find((name) => pattern.test(name)) ?? "";
    change(join(copy, file));
    return copy;
  }
  const cases = new URL("../../../golden/cases/data/", import.meta.url).pathname;
  const golden = join(cases, "db_leveldb_crop_0/db");
  const logged = join(folder, "logged");
  beforeAll(async () => {
    const database = new ClassicLevel<string, Uint8Array>(logged, { valueEncoding: "view" });
    for (let i = 0; i < COUNT; i++) await database.put(key(i), value(i));
    await database.close();
  });
  const halve = (file: string): void => truncateSync(file, Math.floor(statSync(file).size / 2));
  const turn = (share: number) => (file: string) => {
    const bytes = readFileSync(file);
    const at = Math.floor(bytes.length * share);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };

  test.each<[string, string, RegExp, (file: string) => void, string]>([
    ["a log cut in half", logged, /\.log$/, halve, "its log is damaged or cut short (at byte"],
    ["a wrong bit in a log", logged, /\.log$/, turn(0.4), "its log is damaged or cut short"],
    ["a table cut in half", golden, /\.ldb$/, halve, "it does not end as a table does"],
    ["a wrong bit in a table", golden, /\.ldb$/, turn(0.3), "its checksum is wrong"],
    ["an empty table", golden, /\.ldb$/, (f) => truncateSync(f, 0), "it does not end as a table"],
    ["a lost table", golden, /\.ldb$/, (f) => rmSync(f), "000005.ldb is missing"],
    ["a manifest cut in half", golden, /^MANIFEST/, halve, "its log is damaged or cut short"],
    ["no manifest", golden, /^MANIFEST/, (f) => rmSync(f), "no such file or directory"],
    ["a strange CURRENT", path, /^CURRENT$/, (f) => writeFileSync(f, "../x"), 'it says "../x"'],
  ])("%s", (_, from, pattern, change, message) => {
    const copy = changed(from, pattern, change);
    expect(() => readAll(copy)).toThrow(message);
  });

  test("wherever a byte is wrong: every record, or one clear error", () => {
    const random = new Random(5);
    for (const pattern of [/\.ldb$/, /^MANIFEST/]) {
      const copy = changed(golden, pattern, () => {});
      const file = join(copy, readdirSync(copy).find((name) => pattern.test(name)) ?? "");
      const whole = readFileSync(file);
      let refused = 0;
      for (let i = 0; i < 100; i++) {
        const bytes = Buffer.from(whole);
        const at = random.below(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        writeFileSync(file, bytes);
        try {
          readAll(copy);
        } catch (error) {
          refused++;
          expect(error instanceof FormatError || error instanceof FileError).toBe(true);
        }
      }
      expect(refused).toBeGreaterThan(50);
    }
  });
});

/** Names, sizes and times of a folder's files. */
function listing(of: string): string[] {
  return readdirSync(of).map((name) => {
    const { size, mtimeMs } = statSync(join(of, name));
    return `${name} ${size} ${mtimeMs}`;
  });
}

test("what is in the way of the last steps is an error that names the database", async () => {
  const left = join(folder, "left");
  const writer = createLeveldb(left);
  await writer.put("a", Uint8Array.of(1));
  rmSync(`${left}.part`, { recursive: true });
  await expect(writer.finish()).rejects.toThrow(
    new FileError(`database "${left}" cannot be written: no such file or directory.`),
  );
  await writer.abandon();
  const gone = new PartialFolder(join(folder, "gone"), false);
  rmSync(gone.folder, { recursive: true });
  for (const use of [() => gone.bytesLeft, () => gone.needs(1), () => gone.publish()]) {
    expect(use).toThrow(FileError);
    expect(use).toThrow(`database "${join(folder, "gone")}" cannot be written: no such file`);
  }
});
