// What stands in the place of layers, engines and Node in a browser:
// src/browser/{layers,native,no-files,path,recompress}.ts.
import * as node from "node:path";
import { expect, test } from "vitest";
import * as browser from "../../src/browser/index.ts";
import * as page from "../../src/browser/layers.ts";
import { loadNativeEngine } from "../../src/browser/native.ts";
import { existsSync, readFileSync } from "../../src/browser/no-files.ts";
import * as path from "../../src/browser/path.ts";
import { recompressed } from "../../src/browser/recompress.ts";
import { ReferenceEngine } from "../../src/engines/reference/index.ts";
import * as library from "../../src/index.ts";
import * as all from "../../src/layers/index.ts";
import { silent } from "../../src/util/log.ts";

test("a page has every layer but those that read files or load modules", () => {
  const missing = Object.keys(all).filter((name) => !(name in page));
  expect(missing).toEqual(
    [
      ...[
        "AnnotatedData",
        "BoxData",
        "Data",
        "DenseImageData",
        "DetectionData",
        "EvalData",
        "HDF5Data",
      ],
      ...["HDF5Output", "ImageData", "ImageGtData", "ImageSegData", "MTCNNData", "VideoData"],
      ...["WindowData", "Python"],
    ].map((type) => `${type}Layer`),
  );
});

test("what a page may import, the library has, too", () => {
  for (const name of Object.keys(browser)) expect(library).toHaveProperty(name);
});

test.each(["/a/b/../c.txt", "a//b/./c", "../x/y.tar.gz", "", ".hidden", "/", "a/../../b"])(
  "paths are as in Node: %j",
  (given) => {
    expect(path.join(given)).toBe(node.posix.join(given).replace(/(.)\/$/, "$1"));
    expect(path.join("one", given)).toBe(node.posix.join("one", given).replace(/(.)\/$/, "$1"));
    expect(path.resolve("/root", given)).toBe(node.posix.resolve("/root", given));
    expect(path.basename(given)).toBe(node.posix.basename(given));
    expect(path.extname(given)).toBe(node.posix.extname(given));
    if (given !== "/" && given !== "") expect(path.dirname(given)).toBe(node.posix.dirname(given));
    if (given.includes("/") && given !== "/") {
      expect(path.parse(given)).toMatchObject({ base: node.posix.basename(given) });
    }
  },
);

test("files, JPEGs in between and the native engine are refused in words", () => {
  expect(() => recompressed()).toThrow("noise_param.jpeg is given in a browser");
  expect(existsSync()).toBe(false);
  expect(() => readFileSync()).toThrow(
    "there are no files in a browser. Expected texts, objects and arrays",
  );
  expect(() => loadNativeEngine(new ReferenceEngine(), silent)).toThrow("a browser has none");
});
