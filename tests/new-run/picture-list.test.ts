import { describe, expect, test } from "vitest";
import { parsePictureList } from "../../src/new-run/picture-list.ts";

const rows = (text: string): string[] =>
  parsePictureList(text, "list").map((one) => `${one.path}|${one.class}`);

describe("parsePictureList", () => {
  test("takes Caffe's lists, with blanks in paths and words as labels", () => {
    expect(rows("a b/1.jpg 0\r\n\n c.jpg\ttulip \n")).toEqual(["a b/1.jpg|0", "c.jpg|tulip"]);
  });

  test("takes tables with and without names of columns, quotes and semicolons", () => {
    expect(rows("a.jpg,0\nb.jpg, 1\n")).toEqual(["a.jpg|0", "b.jpg|1"]);
    expect(rows('id,label,path\n9,"red, wild",a.jpg\n8,"a ""b""",c.jpg\n')).toEqual([
      "a.jpg|red, wild",
      'c.jpg|a "b"',
    ]);
    expect(rows("\ufefffilename;class\nx.png;4\n")).toEqual(["x.png|4"]);
  });

  test("a picture that comes twice counts once", () => {
    expect(rows("a.jpg 0\na.jpg 0\n")).toEqual(["a.jpg|0"]);
  });

  test.each([
    ["a.jpg 0\na.jpg 1\n", "list:2: a.jpg is of class 1, and of class 0 in line 1"],
    ["a.jpg 0\nb.jpg\n", 'list:2: "b.jpg" is no picture and its class'],
    ["a,b\nc,d,e\n", 'list:2: "c,d,e" is no picture'],
    ["path,label\n", "list: it lists no picture"],
    ["", "list: it lists no picture"],
  ])("%j is an error", (text, said) => {
    expect(() => rows(text)).toThrow(said);
  });
});
