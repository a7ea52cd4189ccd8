import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { checkKind, type Wanted } from "../../../src/io/files/file-kind.ts";
import { encodeCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { encodeSolverState } from "../../../src/io/weights/solver-state.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const joined = (chunks: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(Buffer.concat(chunks));

const NET = 'name: "n"\nlayer { name: "d" type: "Input" top: "d" }\n';
const SOLVER = 'net: "n.prototxt"\nbase_lr: 0.1\nlr_policy: "fixed"\n';
const weights = joined(
  encodeCaffemodel({
    name: "n",
    layer: [{ name: "ip", type: "InnerProduct", blobs: [{ shape: { dim: [2] }, data: [1, 2] }] }],
  }),
);
const state = joined(
  encodeSolverState({
    iter: 300,
    learned_net: "s_iter_300.caffemodel",
    current_step: 0,
    history: [],
  }),
);
const utf16 = Uint8Array.from(Buffer.from(`\ufeff${NET}`, "utf16le"));

const all: readonly Wanted[] = [
  "a net's prototxt",
  "a solver's prototxt",
  "a .caffemodel",
  "a .solverstate",
  "a mean file (.binaryproto)",
];

test.each([
  [
    "a Git LFS pointer",
    utf8("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
    "git lfs pull",
  ],
  ["a web page", utf8("\n<!DOCTYPE html>\n<html><head></head></html>"), "download it again"],
  ["compressed with gzip", gzipSync(weights), "gunzip"],
  ["a zip archive", utf8("PK\x03\x04rest"), "unzip"],
  ["a PNG image", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a), "Images go to"],
  ["a JPEG image", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), "Images go to"],
  ["text in UTF-16", utf16, "Save it as UTF-8"],
  ["text in UTF-16", utf16.subarray(2), "Save it as UTF-8"],
  [
    "a NumPy array",
    Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0),
    "name that ends in .npy",
  ],
])("%s is known wherever it is met", (what, bytes, advice) => {
  for (const wanted of all) {
    const check = (): void => checkKind(bytes, "x", wanted);
    expect(check, wanted).toThrow(`x: this is ${what}`);
    expect(check, wanted).toThrow(advice);
    expect(check, wanted).toThrow(`Expected ${wanted}.`);
  }
});

test.each([
  [SOLVER, "a net's prototxt", "this is a solver's prototxt", "It goes to --solver"],
  [NET, "a solver's prototxt", "this is a net's prototxt", "It goes to --model"],
  [NET, "a .caffemodel", "this is a net's prototxt", "It goes to --model"],
  ["hello there\n", "a .caffemodel", "this is text", "goes to --model"],
  [weights, "a net's prototxt", "perhaps a .caffemodel", "Weights go to --weights"],
  [weights, "a solver's prototxt", "perhaps a .caffemodel", "Weights go to --weights"],
  [state, "a .caffemodel", "this is a .solverstate", "It goes to --snapshot"],
  [state, "a net's prototxt", "this is a .solverstate", "It goes to --snapshot"],
] as const)("%j in the place of %s", (given, wanted, what, advice) => {
  const bytes = typeof given === "string" ? utf8(given) : given;
  expect(() => checkKind(bytes, "x", wanted)).toThrow(what);
  expect(() => checkKind(bytes, "x", wanted)).toThrow(advice);
});

test("what is wanted passes, and so does what is damaged or empty", () => {
  const fine: readonly (readonly [Uint8Array, Wanted])[] = [
    [utf8(NET), "a net's prototxt"],
    [utf8(`\ufeff${NET}`), "a net's prototxt"],
    [utf8('# für später\nname: "猫" layer { }'), "a net's prototxt"],
    [utf8("name: 'x'"), "a net's prototxt"],
    [utf8(`${SOLVER}net_param { ${NET} }`), "a solver's prototxt"],
    [utf8(`net_param {\n${NET} } base_lr: 0.1`), "a solver's prototxt"],
    [weights, "a .caffemodel"],
    [weights.subarray(0, 9), "a .caffemodel"],
    [state, "a .solverstate"],
    [new Uint8Array(0), "a .caffemodel"],
    [new Uint8Array(0), "a net's prototxt"],
  ];
  for (const [bytes, wanted] of fine) expect(() => checkKind(bytes, "x", wanted)).not.toThrow();
});

test.each([
  [
    "UTF-16, as a shell of Windows writes it",
    Buffer.from("\ufeffI1128 Iteration 0, loss = 1", "utf16le"),
    /text in UTF-16.*UTF-8/,
  ],
  ["gzip", gzipSync("I1128 Iteration 0, loss = 1"), /compressed with gzip.*gunzip/],
  ["a web page", utf8("<!DOCTYPE html><html></html>"), /a web page/],
])("a log that is %s is named", (_, bytes, message) => {
  expect(() => checkKind(bytes, "run.log", "a log of caffe train")).toThrow(message);
  expect(() =>
    checkKind(
      utf8("I1128 12:00:00.1 1 solver.ts:1] Iteration 0, loss = 1\n"),
      "run.log",
      "a log of caffe train",
    ),
  ).not.toThrow();
});
