import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newRecord, recordsIn } from "../../src/run-record/record-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a record takes an empty folder, and the next free name where something lies", () => {
  const folder = temporaryFolder();
  const path = join(folder, "runs", "net");
  mkdirSync(path, { recursive: true });
  writeFileSync(`${path}-2`, "a file");
  const made = [1, 2, 3].map(() => newRecord(path));
  for (const { events } of made) events.close();
  expect(made.map((one) => one.folder)).toEqual([path, `${path}-3`, `${path}-4`]);
});

test("records are found by themselves, in a folder, and in folders of caffe new", () => {
  const folder = temporaryFolder();
  for (const name of ["net", "net-10", "net-2", "photos/record", "photos/record-2", "x/y/z"]) {
    newRecord(join(folder, name)).events.close();
  }
  mkdirSync(join(folder, "photos", "record-3"));
  const found = ["net", "net-2", "net-10", "photos/record", "photos/record-2"];
  expect(recordsIn(folder)).toEqual(found.map((name) => join(folder, name)));
  expect(recordsIn(join(folder, "photos"))).toHaveLength(2);
  expect(recordsIn(join(folder, "net"))).toEqual([join(folder, "net")]);
  expect(recordsIn(join(folder, "nothing"))).toEqual([]);
});
