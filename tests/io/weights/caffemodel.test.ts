import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import protobuf from "protobufjs/light.js";
import { describe, expect, test } from "vitest";
import { decodeProto } from "../../../src/io/proto/binary.ts";
import { blobProtoOf, blobValueOf } from "../../../src/io/proto/blob-proto.ts";
import type { NetParameter } from "../../../src/io/proto/caffe.ts";
import { messageType } from "../../../src/io/proto/messages.ts";
import {
  type Caffemodel,
  decodeCaffemodel,
  encodeCaffemodel,
} from "../../../src/io/weights/caffemodel.ts";
import { encodeSolverState, readSolverState } from "../../../src/io/weights/solver-state.ts";
import { FormatError } from "../../../src/util/errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const directory = temporaryFolder();
const whole = (chunks: readonly Uint8Array[]): Uint8Array => Buffer.concat(chunks);

const net: NetParameter = {
  name: "small",
  layer: [
    {
      name: "ip",
      type: "InnerProduct",
      bottom: ["data"],
      top: ["out"],
      param: [{ lr_mult: 0.5 }],
      inner_product_param: { num_output: 2, weight_filler: { type: "xavier" } },
      blobs: [
        { shape: { dim: [2, 3] }, data: Float32Array.of(1, 2, 3, 4, 5, 6.5) },
        { shape: { dim: [2] }, data: Float32Array.of(-1, 0.25), diff: Float32Array.of(7, 8) },
      ],
    },
    { name: "relu", type: "ReLU", bottom: ["out"], top: ["out"] },
  ],
};

/** A caffemodel of one layer whose only blob has the given fields, written by hand. */
function modelOf(write: (blob: protobuf.Writer) => void): Uint8Array {
  const writer = protobuf.Writer.create()
    .uint32((100 << 3) | 2)
    .fork();
  writer
    .uint32(0x0a)
    .string("a")
    .uint32((7 << 3) | 2)
    .fork();
  write(writer);
  return writer.ldelim().ldelim().finish();
}

const firstBlob = (
  bytes: Uint8Array,
): NonNullable<Caffemodel["layers"][number]["blobs"][number]> => {
  const blob = decodeCaffemodel(bytes, "x.caffemodel").layers[0]?.blobs[0];
  if (!blob) throw new Error("no blob");
  return blob;
};

/** The dim of a blob's shape (field 7). */
const shape = (writer: protobuf.Writer, dim: number): protobuf.Writer =>
  writer
    .uint32((7 << 3) | 2)
    .fork()
    .uint32(0x08)
    .int64(dim)
    .ldelim();

describe("writing and reading back", () => {
  test("names, wiring and values survive", () => {
    const { name, layers } = decodeCaffemodel(whole(encodeCaffemodel(net)), "x");
    expect(name).toBe("small");
    expect(layers[0]).toEqual({
      name: "ip",
      type: "InnerProduct",
      bottom: ["data"],
      top: ["out"],
      blobs: [
        { shape: [2, 3], legacyShape: false, data: Float32Array.of(1, 2, 3, 4, 5, 6.5) },
        {
          shape: [2],
          legacyShape: false,
          data: Float32Array.of(-1, 0.25),
          diff: Float32Array.of(7, 8),
        },
      ],
    });
    expect(layers[1]?.blobs).toEqual([]);
  });

  test("the schema's own decoder reads the same message, layer parameters too", () => {
    const type = messageType("NetParameter");
    const read = type.toObject(type.decode(whole(encodeCaffemodel(net))), { enums: String });
    expect(read["layer"][0].inner_product_param).toEqual({
      num_output: 2,
      weight_filler: { type: "xavier" },
    });
    expect(read["layer"][0].blobs[0].data).toEqual([1, 2, 3, 4, 5, 6.5]);
  });

  test("doubles stay doubles", () => {
    const double: NetParameter = {
      layer: [{ name: "a", blobs: [{ shape: { dim: [1] }, double_data: Float64Array.of(1 / 3) }] }],
    };
    expect(firstBlob(whole(encodeCaffemodel(double))).data).toEqual(Float64Array.of(1 / 3));
  });

  test("fields of other dialects are not written", () => {
    const foreign: NetParameter = {
      layer: [{ name: "p", pooling_param: { kernel_size: 2, ceil_mode: true } }],
    };
    const plain: NetParameter = { layer: [{ name: "p", pooling_param: { kernel_size: 2 } }] };
    expect(whole(encodeCaffemodel(foreign))).toEqual(whole(encodeCaffemodel(plain)));
  });

  test("a solver state is read as it was written", () => {
    const path = join(directory, "a.solverstate");
    const state = { iter: 300, learned_net: "a.caffemodel", current_step: 2 };
    const history = [{ shape: [2, 1], data: Float32Array.of(0.5, -3) }];
    writeFileSync(path, whole(encodeSolverState({ ...state, history })));
    expect(readSolverState(path)).toEqual({
      ...state,
      history: [{ shape: [2, 1], legacyShape: false, data: Float32Array.of(0.5, -3) }],
    });
  });

  test("a caffemodel is no solver state", () => {
    const path = join(directory, "b.solverstate");
    writeFileSync(path, whole(encodeCaffemodel({ name: "n" })));
    expect(() => readSolverState(path)).toThrow(FormatError);
  });
});

describe("forms of values", () => {
  test("unpacked floats, as many as a real layer has, in little time", () => {
    const count = 200_000;
    const bytes = modelOf((blob) => {
      shape(blob, count);
      for (let i = 0; i < count; i++) blob.uint32((5 << 3) | 5).float(i);
    });
    const { data } = firstBlob(bytes);
    expect(data).toBeInstanceOf(Float32Array);
    expect([data.length, data[0], data[count - 1]]).toEqual([count, 0, count - 1]);
  }, 5_000);

  test("packed values in several pieces are joined", () => {
    const piece = (first: number) => new Uint8Array(Float32Array.of(first, first + 1).buffer);
    const bytes = modelOf((blob) => {
      for (const first of [1, 3]) blob.uint32((5 << 3) | 2).bytes(piece(first));
      shape(blob, 4);
    });
    expect(firstBlob(bytes).data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test("NVIDIA's half precision is read", () => {
    // 1, -2, 2^-24 (the least), 65504 (the greatest), and infinity.
    const half = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 1, 0x7bff, 0x7c00).buffer);
    const bytes = modelOf((blob) => {
      shape(blob, 5)
        .uint32(10 << 3)
        .int32(2)
        .uint32((12 << 3) | 2)
        .bytes(half);
    });
    expect(firstBlob(bytes).data).toEqual(
      Float32Array.of(1, -2, 2 ** -24, 65504, Number.POSITIVE_INFINITY),
    );
  });

  test("NVIDIA's raw doubles are read", () => {
    const raw = new Uint8Array(Float64Array.of(0.1, -7).buffer);
    const bytes = modelOf((blob) => {
      shape(blob, 2)
        .uint32(10 << 3)
        .int32(0)
        .uint32((12 << 3) | 2)
        .bytes(raw);
    });
    expect(firstBlob(bytes).data).toEqual(Float64Array.of(0.1, -7));
  });
});

describe("damaged files", () => {
  test.each([0.1, 0.5, 0.9, 0.99])("cut at %d of its length", (part) => {
    const bytes = whole(encodeCaffemodel(net));
    const cut = bytes.subarray(0, Math.floor(bytes.length * part));
    expect(() => decodeCaffemodel(cut, "w.caffemodel")).toThrow(FormatError);
    expect(() => decodeCaffemodel(cut, "w.caffemodel")).toThrow(
      new RegExp(`^w\\.caffemodel: .*\\(at byte \\d+ of ${cut.length}\\)`),
    );
  });

  test("a shape that the values do not fill asks for no memory", () => {
    const bytes = modelOf((blob) => shape(blob, 2 ** 40));
    expect(() => firstBlob(bytes)).toThrow("holds no values. Expected 1099511627776");
    const few = modelOf((blob) =>
      shape(blob, 3)
        .uint32((5 << 3) | 5)
        .float(1),
    );
    expect(() => firstBlob(few)).toThrow("a blob of shape (3) holds 1 values. Expected 3.");
  });

  test("any bytes give a model or a FormatError", () => {
    const good = whole(encodeCaffemodel(net));
    const old = readFileSync(new URL("../../golden/upgrade/v1.caffemodel", import.meta.url));
    const damaged = fc
      .tuple(
        fc.constantFrom<Uint8Array>(good, old),
        fc.array(fc.tuple(fc.nat(1000), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      )
      .map(([bytes, edits]) => {
        const copy = Uint8Array.from(bytes);
        for (const [at, value] of edits) copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (bytes) => {
        try {
          decodeCaffemodel(bytes, "x");
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 3000, seed: 2 },
    );
  });
});

describe("blobs whose shape stands in num, channels, height and width", () => {
  const old = { num: 1, channels: 1, height: 2, width: 3, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const shape = { shape: [1, 1, 2, 3], legacyShape: true, data: old.data };

  test("are written back so, and read again", () => {
    const proto = { layer: [{ name: "a", type: "InnerProduct", blobs: [old] }] } as NetParameter;
    const bytes = whole(encodeCaffemodel(proto));
    expect(firstBlob(bytes)).toEqual(shape);
    // The old fields come first, as their numbers do.
    expect(Buffer.from(bytes).includes(Buffer.from([8, 1, 16, 1, 24, 2, 32, 3, 42, 24]))).toBe(
      true,
    );
    expect(firstBlob(whole(encodeCaffemodel(decodeProto("NetParameter", bytes))))).toEqual(shape);
  });

  test("in double precision, and with fields left out, too", () => {
    const blob = { channels: 2, width: 1, num: 1, height: 1, double_data: [0.1, 0.2] };
    const proto = { layer: [{ name: "a", blobs: [blob] }] } as unknown as NetParameter;
    expect(firstBlob(whole(encodeCaffemodel(proto)))).toEqual({
      shape: [1, 2, 1, 1],
      legacyShape: true,
      data: Float64Array.of(0.1, 0.2),
    });
    expect(blobProtoOf(blobValueOf(blob))).toMatchObject({
      num: 1,
      channels: 2,
      height: 1,
      width: 1,
    });
  });

  test("in a solver's history too", () => {
    const path = join(directory, "old.solverstate");
    const history = [shape];
    const chunks = encodeSolverState({ iter: 1, learned_net: "m", current_step: 0, history });
    writeFileSync(path, whole(chunks));
    expect(readSolverState(path).history).toEqual(history);
  });
});

test("parameters of SSD's layers stand under SSD's numbers, those of layers that forks number differently are left out", () => {
  const bytes = Buffer.concat(
    encodeCaffemodel({
      layer: [
        { name: "p", permute_param: { order: [0, 2] } },
        { name: "r", roi_pooling_param: { pooled_h: 2 } },
      ],
    }),
  );
  // permute_param = 202, its order = 1, not packed.
  expect([...bytes]).toEqual([
    ...[0xa2, 0x06, 10, 0x0a, 1, 0x70, 0xd2, 0x0c, 4, 0x08, 0, 0x08, 2],
    ...[0xa2, 0x06, 3, 0x0a, 1, 0x72],
  ]);
});
