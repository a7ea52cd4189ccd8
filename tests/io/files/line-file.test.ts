import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LineFile } from "../../../src/io/files/line-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("lines are added to what is there, and a new file is only made where there is none", () => {
  const path = join(temporaryFolder(), "lines");
  const file = LineFile.create(path);
  file?.add("a\n");
  file?.add("b\nc\n");
  file?.close();
  expect(LineFile.create(path)).toBeUndefined();
  const more = LineFile.append(path);
  more.add("d\n");
  more.close();
  expect(readFileSync(path, "utf8")).toBe("a\nb\nc\nd\n");
});

test("two may write to one file", () => {
  const path = join(temporaryFolder(), "lines");
  const both = [LineFile.append(path), LineFile.append(path)];
  for (let i = 0; i < 4; i++) both[i % 2]?.add(`${i}\n`);
  for (const file of both) file.close();
  expect(readFileSync(path, "utf8")).toBe("0\n1\n2\n3\n");
});

test("a full disk is an error that names the file, and so is a folder that is none", () => {
  const full = LineFile.append("/dev/full");
  expect(() => full.add("a\n")).toThrow(/"\/dev\/full" cannot be written: .*no space/i);
  full.close();
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  expect(() => LineFile.create(join(file, "lines"))).toThrow(/cannot be written: /);
});
