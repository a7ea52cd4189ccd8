import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  categoryIds,
  nameOfLabel,
  namesFor,
  readClassNames,
} from "../../src/inference/class-names.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("names come from a label map, from lines, or are known", () => {
  const map = file(
    "map.prototxt",
    '# SSD\nitem { name: "none_of_the_above" label: 0 display_name: "background" }\nitem { name: "1" label: 1 display_name: "person" }\nitem { name: "13" label: 2 }',
  );
  expect(readClassNames(map)).toEqual(
    new Map([
      [0, "background"],
      [1, "person"],
      [2, "13"],
    ]),
  );
  expect(readClassNames(file("names.txt", "cat\ndog\n"))).toEqual(["cat", "dog"]);
  expect(readClassNames("voc")).toHaveLength(20);
  expect(readClassNames("coco")).toHaveLength(80);
  expect(readClassNames("cityscapes")).toHaveLength(19);
  expect(() => readClassNames(join(folder, "none"))).toThrow("no such file");
  const twice = file("twice.prototxt", 'item { name: "a" label: 1 } item { name: "b" label: 1 }');
  expect(() => readClassNames(twice)).toThrow("label 1 has two names, a and b");
});

test("a list begins with the background or with label 1", () => {
  const names = namesFor(["cat", "dog"], 3);
  expect([0, 1, 2, 3].map((label) => nameOfLabel(names, label))).toEqual([
    "background",
    "cat",
    "dog",
    "class 3",
  ]);
  expect(nameOfLabel(namesFor(["sky", "cat", "dog"], 3), 0)).toBe("sky");
  expect(namesFor(undefined, 3).size).toBe(0);
  expect(() => namesFor(["cat"], 3)).toThrow("Expected 3, the background's first, or 2 without it");
});

test("COCO's categories have numbers of their own", () => {
  const ids = categoryIds("coco");
  expect([1, 11, 12, 80].map((label) => ids?.get(label))).toEqual([1, 11, 13, 90]);
  const map = file(
    "coco.prototxt",
    'item { name: "none" label: 0 } item { name: "90" label: 80 display_name: "toothbrush" }',
  );
  expect(categoryIds(map)).toEqual(new Map([[80, 90]]));
  expect(categoryIds(file("voc.prototxt", 'item { name: "cat" label: 1 }'))).toBeUndefined();
  expect(categoryIds(file("lines.txt", "7\n8\n"))).toBeUndefined();
  expect(categoryIds(undefined)).toBeUndefined();
});
