import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listedImage, readImageList, type SharedList } from "../../../src/io/lists/image-list.ts";
import { atoi, labelOf } from "../../../src/io/lists/label.ts";
import { readWindowFile } from "../../../src/io/lists/window-file.ts";
import { FormatError } from "../../../src/util/errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

/** A list of this text, and its name. */
function listOf(text: string | Uint8Array): string {
  const path = join(folder, "list.txt");
  writeFileSync(path, text);
  return path;
}

const all = (list: SharedList): unknown[] =>
  Array.from({ length: list.starts.length }, (_, i) => {
    const { path, label, line } = listedImage(list, i);
    return [path, label, line];
  });

describe("a list of images", () => {
  test("takes blanks, tabs and returns around a label, and blanks in a path", () => {
    const text =
      "a.png 1\r\n\n  \t\nwith two blanks.png \t 2 \t\r\nb.png\t-3\nümläut.png +4\nc.png 2147483647\nd.png -2147483648";
    expect(all(readImageList(listOf(text)))).toEqual([
      ["a.png", 1, 1],
      ["with two blanks.png", 2, 4],
      ["b.png", -3, 5],
      ["ümläut.png", 4, 6],
      ["c.png", 2_147_483_647, 7],
      ["d.png", -2_147_483_648, 8],
    ]);
  });

  test.each([
    ["a.png 2.7272", 'label "2.7272" is not a whole number from -2147483648 to 2147483647'],
    ["a.png 1e3", 'label "1e3" is not a whole number'],
    ["a.png 0x10", 'label "0x10" is not a whole number'],
    ["a.png nan", 'label "nan" is not a whole number'],
    ["a.png cat", 'label "cat" is not a whole number'],
    ["a.png 2147483648", 'label "2147483648" is not a whole number'],
    ["a.png -2147483649", 'label "-2147483649" is not a whole number'],
    ["with blank.png", 'label "blank.png" is not a whole number'],
    ["a.png", '"a.png" is a path or a label alone'],
    [" 7 ", '" 7" is a path or a label alone'],
    ["a.png,7", '"a.png,7" has "," before its label. Expected a blank'],
    ["a.png, 7", '"a.png, 7" has "," before its label'],
    ["a.png;7", '"a.png;7" has ";" before its label'],
    ["a.png\u00a07", '"a.png\u00a07" has a no-break space before its label'],
  ])("%j is an error with its line", (line, message) => {
    const path = listOf(`good.png 0\n\n${line}\n`);
    const read = (): unknown => readImageList(path);
    expect(read).toThrow(FormatError);
    expect(read).toThrow(`${path}:3: ${message}`);
  });

  test("is read as Caffe reads it where that is asked for, which is said once", () => {
    const path = listOf(
      "a.png 2.7272\na.png 3\nb.png cat\nc.png\n12.png\nd.png 4294967296\ne.png 1e3\nf.png 99999999999999999999\ng.png,1 \n",
    );
    const warnings: string[] = [];
    const list = readImageList(path, "lenient", (message) => warnings.push(message));
    expect(all(list)).toEqual([
      ["a.png", 2, 1],
      ["a.png", 3, 2],
      ["b.png", 0, 3],
      ["c.png", 0, 4],
      ["12.png", 12, 5],
      ["d.png", 0, 6],
      ["e.png", 1, 7],
      ["f.png", -1, 8],
      ["g.png,1", 0, 9],
    ]);
    expect(warnings).toEqual([
      `${path}:1: label "2.7272" is taken for 2, as Caffe does, for it is not a whole number from -2147483648 to 2147483647; so are 7 others for what they begin with.`,
    ]);
    readImageList(listOf("a.png 1\n"), "lenient", (message) => warnings.push(message));
    expect(warnings.length).toBe(1);
  });

  test("may hold paths alone where labels are of no interest", () => {
    const text = "a b.png\na b.png 7\nc.png\n";
    expect(all(readImageList(listOf(text), "optional"))).toEqual([
      ["a b.png", 0, 1],
      ["a b.png", 7, 2],
      ["c.png", 0, 3],
    ]);
  });

  test("in UTF-16 is named, and the mark of UTF-8 is no part of a path", () => {
    const text = "a.png 1\n";
    const little = Buffer.from(`\ufeff${text}`, "utf16le");
    const big = Buffer.from(little).swap16();
    expect(() => readImageList(listOf(little))).toThrow(
      "this is text in UTF-16. Expected a list in UTF-8",
    );
    expect(() => readImageList(listOf(big))).toThrow(
      "this is text in UTF-16. Expected a list in UTF-8",
    );
    expect(() => readImageList(listOf(little.subarray(2)))).toThrow("this is text in UTF-16");
    expect(all(readImageList(listOf(`\ufeff${text}`)))).toEqual([["a.png", 1, 1]]);
  });

  test("that is no list is named", () => {
    const hdf5 = Buffer.from([0x89, ...Buffer.from("HDF\r\n\x1a\n")]);
    expect(() => readImageList(listOf(hdf5))).toThrow(
      "this is an HDF5 file. Expected a list in UTF-8. A list is a text that names such files",
    );
    expect(() => readImageList(listOf(Buffer.from([0xff, 0xd8, 0xff, 0xe0])))).toThrow(
      "this is a JPEG image. Expected a list in UTF-8",
    );
    expect(() => readImageList(listOf(Buffer.from("a.png 1\0\n")))).toThrow("bytes of zero");
  });

  test("that lists nothing is an error", () => {
    for (const text of ["", "\n \n\t\r\n"]) {
      expect(() => readImageList(listOf(text))).toThrow("File is empty. Expected `path label`");
    }
  });
});

test("a label is a whole number of 32 bits, and atoi is C's", () => {
  for (const text of ["", " ", "+", "1 ", "１", "1_0", "Infinity"]) {
    expect([text, labelOf(text)]).toEqual([text, undefined]);
  }
  expect([labelOf("-0"), labelOf("007"), labelOf("+1")]).toEqual([-0, 7, 1]);
  expect(
    ["", " \t12x", "+5", "-5.9", "-", "4294967295", "-99999999999999999999"].map(atoi),
  ).toEqual([0, 12, 5, -5, 0, -1, 0]);
});

describe("a window file", () => {
  const windows = (text: string) => readWindowFile(listOf(text), 0.5, 0.5);
  const of = (index: string, label: string, x1: string): string =>
    `# ${index}\na.png\n3\n4\n5\n2\n${label} 0.9 ${x1} 0 1 1\n0 0.1 0 0 1 1\n`;

  test("has whole numbers, but for its overlaps", () => {
    expect(windows(of("0", "2", "0")).foreground.length).toBe(6);
    expect(() => windows(of("0", "2.5", "0"))).toThrow(/:7: a class is "2\.5"\. Expected a whole/);
    expect(() => windows(of("0", "dog", "0"))).toThrow(':7: a class is "dog"');
    expect(() => windows(of("0", "9999999999", "0"))).toThrow(':7: a class is "9999999999"');
    expect(() => windows(of("0", "1", "0.5"))).toThrow(':7: x1 is "0.5"');
    expect(() => windows(of("-1", "1", "0"))).toThrow(/:1: an image's index is "-1"\. Expected 0/);
  });

  test("in UTF-16 is named", () => {
    const path = listOf(Buffer.from(`\ufeff${of("0", "1", "0")}`, "utf16le"));
    expect(() => readWindowFile(path, 0.5, 0.5)).toThrow("this is text in UTF-16");
  });
});
