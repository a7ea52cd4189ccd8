import protobuf from "protobufjs/light.js";
import { describe, expect, test } from "vitest";
import { Blob } from "../../../src/blob/blob.ts";
import { encodeProto } from "../../../src/io/proto/binary.ts";
import {
  blobChunks,
  blobProtoOf,
  blobValueOf,
  readBlob,
} from "../../../src/io/proto/blob-proto.ts";
import type { BlobProto } from "../../../src/io/proto/caffe.ts";
import { FormatError } from "../../../src/util/errors.ts";

function readBytes(bytes: Uint8Array): ReturnType<typeof readBlob> {
  return readBlob(protobuf.Reader.create(bytes), bytes.length);
}

/** The two ways in: a message that was made or read before, and the bytes of a file. */
const ways: [string, (proto: BlobProto) => ReturnType<typeof readBlob>][] = [
  ["as a message", blobValueOf],
  ["as bytes", (proto) => readBytes(encodeProto("BlobProto", proto))],
];

describe.each(ways)("a BlobProto %s", (_, read) => {
  test.each<[string, BlobProto, object]>([
    [
      "of floats holds floats",
      { shape: { dim: [2, 1] }, data: [0.5, 2] },
      { shape: [2, 1], legacyShape: false, data: Float32Array.of(0.5, 2) },
    ],
    [
      "of doubles and a diff holds both",
      { shape: { dim: [1] }, double_data: [0.1], double_diff: [0.2] },
      { shape: [1], legacyShape: false, data: Float64Array.of(0.1), diff: Float64Array.of(0.2) },
    ],
    [
      "of floats and doubles holds the doubles",
      { shape: { dim: [1] }, data: [7, 8], double_data: [0.1] },
      { shape: [1], legacyShape: false, data: Float64Array.of(0.1) },
    ],
    [
      "of the old axes has them before its shape",
      { num: 1, width: 1, channels: 2, height: 1, shape: { dim: [2] }, data: [3, 4] },
      { shape: [1, 2, 1, 1], legacyShape: true, data: Float32Array.of(3, 4) },
    ],
    [
      "without axes is a scalar",
      { shape: {}, data: [Number.NaN] },
      { shape: [], legacyShape: false, data: Float32Array.of(Number.NaN) },
    ],
    [
      "with an axis of 0 is empty",
      { shape: { dim: [2, 0, 3, 1, 1] } },
      { shape: [2, 0, 3, 1, 1], legacyShape: false, data: new Float32Array(0) },
    ],
  ])("%s", (_name, proto, value) => {
    expect(read(proto)).toEqual(value);
  });

  test.each<[string, BlobProto, string]>([
    ["nothing", {}, "of shape () holds no values. Expected 1."],
    ["a shape alone", { shape: { dim: [3] } }, "of shape (3) holds no values. Expected 3."],
    ["too few values", { shape: { dim: [3] }, data: [1] }, "(3) holds 1 values. Expected 3."],
    ["values of no shape", { shape: { dim: [0] }, data: [1] }, "(0) holds 1 values. Expected 0."],
    ["too many", { num: 1, channels: 1, height: 1, width: 1, data: [1, 2] }, "holds 2 values."],
    ["a negative axis", { shape: { dim: [-1, -1] }, data: [1] }, "has an axis of length -1"],
    ["old axes left out", { num: 2, data: [1, 2] }, "of shape (2,0,0,0) holds 2 values"],
    [
      "a diff of another length",
      { shape: { dim: [2] }, data: [1, 2], diff: [3] },
      "a blob of shape (2) holds 1 values of its diff. Expected 2.",
    ],
  ])("that holds %s is refused", (_name, proto, message) => {
    expect(() => read(proto)).toThrow(FormatError);
    expect(() => read(proto)).toThrow(message);
  });
});

test("C3D's five old axes put data and diff one field on; such a bias fits one of one axis", () => {
  const writer = protobuf.Writer.create();
  for (const [i, length] of [1, 1, 1, 1, 3].entries())
    writer.uint32(((i + 1) << 3) | 0).int32(length);
  for (const [field, value] of [
    [6, 1],
    [7, 5],
  ] as const) {
    writer.uint32((field << 3) | 2).fork();
    for (const k of [0, 1, 2]) writer.float(value + k);
    writer.ldelim();
  }
  const value = readBytes(writer.finish());
  expect(value).toEqual({
    shape: [1, 1, 1, 1, 3],
    legacyShape: true,
    data: Float32Array.of(1, 2, 3),
    diff: Float32Array.of(5, 6, 7),
  });
  expect(new Blob([3]).fits(value)).toBe(true);
  expect(new Blob([3, 1]).fits(value)).toBe(false);
  // Written as Caffe's, of an axis more than it has old fields.
  const whole = { ...value, legacyShape: false };
  expect(readBytes(Buffer.concat(blobChunks(value)))).toEqual(whole);
  expect(blobValueOf(blobProtoOf(value))).toEqual(whole);
});

test.each([
  { shape: [2], data: Float32Array.of(1, 2), diff: Float32Array.of(3, 4) },
  { shape: [1, 1, 1, 2], legacyShape: true, data: Float64Array.of(1, 2) },
  { shape: [], data: Float32Array.of(1) },
])("%j is the same through a message and through bytes", (value) => {
  const whole = { legacyShape: false, ...value };
  expect(blobValueOf(blobProtoOf(value))).toEqual(whole);
  expect(readBytes(Buffer.concat(blobChunks(value)))).toEqual(whole);
  expect(readBytes(encodeProto("BlobProto", blobProtoOf(value)))).toEqual(whole);
});
