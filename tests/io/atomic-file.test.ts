import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkWritable, writeFileAtomically } from "../../src/io/atomic-file.ts";
import { FileError } from "../../src/util/errors.ts";

const fresh = (): string => mkdtempSync(join(tmpdir(), "atomic-"));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("writeFileAtomically", () => {
  test("writes all chunks and leaves nothing beside them", () => {
    const directory = fresh();
    const path = join(directory, "a.bin");
    writeFileSync(path, "before");
    writeFileAtomically(path, [bytes("one "), bytes(""), bytes("two")]);
    expect(readFileSync(path, "utf8")).toBe("one two");
    expect(readdirSync(directory)).toEqual(["a.bin"]);
  });

  test("keeps what was there when a chunk cannot be made", () => {
    const directory = fresh();
    const path = join(directory, "a.bin");
    writeFileSync(path, "before");
    function* chunks(): Generator<Uint8Array> {
      yield bytes("half");
      throw new Error("out of values");
    }
    expect(() => writeFileAtomically(path, chunks())).toThrow(FileError);
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(directory)).toEqual(["a.bin"]);
  });

  test("removes its temporary when the name is taken by a directory", () => {
    const directory = fresh();
    mkdirSync(join(directory, "a", "b"), { recursive: true });
    expect(() => writeFileAtomically(join(directory, "a"), [bytes("x")])).toThrow(FileError);
    expect(readdirSync(directory)).toEqual(["a"]);
  });

  test("a missing directory is named", () => {
    expect(() => writeFileAtomically("/nowhere/a.bin", [])).toThrow(
      '"/nowhere/a.bin" cannot be written: no such file or directory.',
    );
  });
});

test("checkWritable leaves nothing, and throws where nothing can be written", () => {
  const directory = fresh();
  checkWritable(join(directory, "lenet"));
  expect(readdirSync(directory)).toEqual([]);
  expect(() => checkWritable(join(directory, "none", "lenet"))).toThrow(FileError);
});
