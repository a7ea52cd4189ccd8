import { execFileSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs/light.js";
import { describe, expect, test } from "vitest";
import { readBlob } from "../../../src/io/proto/blob-proto.ts";
import { decodeAt, endOf, type WireReader } from "../../../src/io/proto/decode-at.ts";
import { decodeCaffemodel, readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { decodeFile, plainRoom } from "../../../src/io/weights/wire-file.ts";
import { Random } from "../../../src/util/random.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const path = join(temporaryFolder(), "file");

/** Blobs as field 1 of a message, each behind a name as field 2, and what else stands in it is passed over. */
function blobsOf(reader: WireReader): unknown[] {
  const found: unknown[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x0a) found.push(readBlob(reader, endOf(reader)));
    else if (tag === 0x12) found.push(reader.string());
    else reader.skipType(tag & 7);
  }
  return found;
}

const floats = (count: number, first = 0): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => first + i / 8);
const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const packed = (field: number, ...pieces: readonly ArrayBufferView[]) => {
  return (blob: protobuf.Writer): void => {
    for (const piece of pieces) blob.uint32((field << 3) | 2).bytes(bytesOf(piece));
  };
};
const dims = (dim: number, isFirst = false) => {
  return (blob: protobuf.Writer): void => {
    if (isFirst)
      blob.uint32(8).int32(dim).uint32(16).int32(1).uint32(24).int32(1).uint32(32).int32(1);
    else
      blob
        .uint32((7 << 3) | 2)
        .fork()
        .uint32(0x0a)
        .fork()
        .int64(dim)
        .ldelim()
        .ldelim();
  };
};
const raw =
  (type: number, bytes: ArrayBufferView) =>
  (blob: protobuf.Writer): void => {
    blob
      .uint32(10 << 3)
      .int32(type)
      .uint32((12 << 3) | 2)
      .bytes(bytesOf(bytes));
  };
const unpacked =
  (values: Float32Array) =>
  (blob: protobuf.Writer): void => {
    for (const value of values) blob.uint32((5 << 3) | 5).float(value);
  };

/** Every form of a blob, with so many values. */
function formsOf(count: number): ((blob: protobuf.Writer) => void)[][] {
  const [values, doubles] = [floats(count), Float64Array.from(floats(count, 0.1))];
  const half = Uint16Array.from({ length: count }, (_, i) => 0x3c00 + (i % 512));
  return [
    [dims(count), packed(5, values)],
    [packed(5, values), packed(6, floats(count, 7)), dims(count, true)],
    [dims(2 * count), packed(5, values, floats(count, 3))],
    [dims(count), unpacked(values)],
    [dims(count + 1), packed(5, values), unpacked(Float32Array.of(5))],
    [dims(count), packed(8, doubles), packed(9, doubles)],
    [dims(count), raw(0, doubles)],
    [raw(1, values), dims(count)],
    [dims(count), raw(2, half)],
    [dims(count), raw(2, half), packed(5, values)],
    [dims(count), packed(77, doubles), packed(5, values)],
  ];
}

function messageOf(blobs: ReturnType<typeof formsOf>, names: readonly string[]): Uint8Array {
  const writer = protobuf.Writer.create();
  blobs.forEach((fields, i) => {
    writer.uint32(0x12).string(names[i % names.length] as string);
    writer.uint32(0x0a).fork();
    for (const field of fields) field(writer);
    writer.ldelim();
    writer
      .uint32((9 << 3) | 1)
      .double(1)
      .uint32((9 << 3) | 5)
      .float(1)
      .uint32(9 << 3)
      .int64(-1);
  });
  return writer.finish();
}

/** All that is to be told of a value, the types of arrays too. */
const told = (value: unknown): string =>
  String(
    JSON.stringify(value, (_key, one: unknown) =>
      ArrayBuffer.isView(one)
        ? `${one.constructor.name} ${Buffer.from(bytesOf(one)).toString("base64")}`
        : one,
    ),
  );

const read = (bytes: Uint8Array): unknown[] | undefined => {
  writeFileSync(path, bytes);
  return decodeFile(path, () => undefined, blobsOf, plainRoom);
};

describe("what a decoder finds in a file is what it finds in the same bytes in memory", () => {
  test("in every form of a blob, short and long, wherever it lies", () => {
    const names = ["", "conv1", "größer", "n".repeat(70_000), String.fromCodePoint(0x1f600)];
    const random = new Random(3);
    for (const count of [0, 1, 5, 1000, 4096, 9001]) {
      const forms = formsOf(count);
      for (let i = 0; i < 3; i++) {
        const mixed = [...forms, ...forms].sort(() => random.uniform(-1, 1));
        const bytes = messageOf(mixed, names.slice(i));
        const [inFile, inMemory] = [read(bytes), decodeAt(bytes, "x", "x", blobsOf)].map(told);
        expect(inFile === inMemory, `${count} values`).toBe(true);
      }
    }
  });

  test("in files of all ages", () => {
    for (const age of ["v1", "v1-upgraded"]) {
      const file = new URL(`../../golden/upgrade/${age}.caffemodel`, import.meta.url).pathname;
      expect(readCaffemodel(file)).toEqual(decodeCaffemodel(readFileSync(file), file));
    }
  });
});

describe("what cannot be read so is left to who reads it whole", () => {
  const whole = messageOf(formsOf(9000), ["a", "b"]);

  test("a file that is cut short anywhere, in an array too", () => {
    for (let at = whole.length - 1; at > 0; at = Math.floor(at * 0.93) - 1) {
      const cut = whole.subarray(0, at);
      let there: unknown[] | undefined;
      try {
        there = decodeAt(cut, "x", "x", blobsOf);
      } catch {
        there = undefined;
      }
      expect(told(read(cut)) === told(there), `${at} bytes`).toBe(true);
    }
  });

  test("a file that becomes shorter while it is read", () => {
    writeFileSync(path, whole);
    const shorten = (): void => truncateSync(path, whole.length - 40_000);
    expect(decodeFile(path, shorten, blobsOf, plainRoom)).toBeUndefined();
  });

  test("a length that lies, and a group: no memory is asked for", () => {
    expect(
      read(Uint8Array.of(0x0a, 0x08, 0x2a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2)),
    ).toBeUndefined();
    expect(read(Uint8Array.of(0x12, 0xff, 0xff, 0xff, 0xff, 0x0f))).toBeUndefined();
    expect(read(Uint8Array.of(0x0b, 0x0c))).toBeUndefined();
  });

  test("a file of another kind, a folder, what is not there, and a pipe, which is not opened", () => {
    const refuse = (): never => {
      throw new Error("another kind");
    };
    writeFileSync(path, whole);
    expect(decodeFile(path, refuse, blobsOf, plainRoom)).toBeUndefined();
    const fifo = `${path}.fifo`;
    execFileSync("mkfifo", [fifo]);
    for (const other of [temporaryFolder(), `${path}.none`, fifo]) {
      expect(decodeFile(other, () => undefined, blobsOf, plainRoom)).toBeUndefined();
    }
  });

  test("a weights file that is damaged, with the same words as its bytes", () => {
    const file = new URL("../../golden/upgrade/v1.caffemodel", import.meta.url).pathname;
    const bytes = readFileSync(file);
    const said = (what: () => unknown): string => {
      try {
        return told(what());
      } catch (error) {
        return String(error);
      }
    };
    for (let at = 1; at < bytes.length; at += Math.ceil(bytes.length / 50)) {
      for (const damaged of [bytes.subarray(0, at), bytes.with(at, 0xff)]) {
        writeFileSync(path, damaged);
        expect(said(() => readCaffemodel(path))).toBe(said(() => decodeCaffemodel(damaged, path)));
      }
    }
  });
});
