import { expect, test } from "vitest";
import { io } from "../../src/index.ts";
import { decodeProto, encodeProto } from "../../src/io/proto/binary.ts";

test("arrays become BlobProtos and come back, through bytes too", () => {
  const proto = io.arrayToBlobProto([[1, 2, 3]], [[4, 5, 6]]);
  const back = decodeProto("BlobProto", encodeProto("BlobProto", proto));
  expect(io.blobProtoToArray(back)).toEqual({ shape: [1, 3], data: Float32Array.of(1, 2, 3) });
  expect(io.blobProtoToArray(back, "diff").data).toEqual(Float32Array.of(4, 5, 6));
  expect(io.blobProtoToArray(io.arrayToBlobProto([1]), "diff").data).toEqual(Float32Array.of(0));
  const legacy = { num: 1, channels: 2, height: 1, width: 1, data: [7, 8] };
  expect(io.blobProtoToArray(legacy).shape).toEqual([1, 2, 1, 1]);
});

test("several arrays become one message", () => {
  const vector = io.arraysToBlobProtoVector([[1], [[2, 3]]]);
  const back = decodeProto("BlobProtoVector", encodeProto("BlobProtoVector", vector));
  expect(io.blobProtoVectorToArrays(back).map(({ shape }) => shape)).toEqual([[1], [1, 2]]);
});

test("a Datum holds bytes or floats, and a label", () => {
  const bytes = io.arrayToDatum({ shape: [1, 1, 2], data: Uint8Array.of(3, 4) }, 5);
  expect(bytes).toEqual({ channels: 1, height: 1, width: 2, data: Uint8Array.of(3, 4), label: 5 });
  const floats = io.arrayToDatum([[[0.5]]]);
  expect(floats).toEqual({ channels: 1, height: 1, width: 1, float_data: Float32Array.of(0.5) });
  for (const datum of [bytes, floats]) {
    const back = decodeProto("Datum", encodeProto("Datum", datum));
    expect(io.datumToArray(back).shape).toEqual(io.datumToArray(datum).shape);
  }
  expect(() => io.arrayToDatum([1])).toThrow("Expected three axes");
  expect(() => io.datumToArray({ encoded: true })).toThrow("an encoded image");
  expect(() => io.datumToArray({ channels: 2, height: 1, width: 1, float_data: [1] })).toThrow(
    "with 1 values. Expected 2",
  );
  expect(() => decodeProto("Datum", Uint8Array.of(0x22, 9))).toThrow("are no Datum");
});
