import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { NetParameter } from "../../../src/io/proto/caffe.ts";
import { delimited, varint } from "../../../src/io/proto/wire.ts";
import { parsePrototxt, printPrototxt } from "../../../src/io/text/prototxt.ts";
import { netParameterOf, parseNetParameter } from "../../../src/io/text/read-net.ts";
import { encodeCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { encodeNetBinary, readNetBinary } from "../../../src/io/weights/net-binary.ts";
import { type Log, silent } from "../../../src/util/log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const utf8 = new TextEncoder();
const joined = (...chunks: (Uint8Array | Uint8Array[])[]): Uint8Array =>
  Uint8Array.from(Buffer.concat(chunks.flat()));
const text = (field: number, value: string): Uint8Array[] => delimited(field, [utf8.encode(value)]);
const number = (field: number, value: number): Uint8Array =>
  Uint8Array.from([...varint(field << 3), ...varint(value)]);

const folder = temporaryFolder();

/** The net that a file of those bytes holds. */
function readBack(bytes: Uint8Array, name: string, log: Log): NetParameter {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return readNetBinary(path, log);
}

/** As SSD writes a Permute: its message has number 202; one more within a message that BVLC knows. */
const permute = joined(number(1, 0), number(1, 2), number(1, 1));
const layer = joined(
  text(1, "perm"),
  text(2, "Permute"),
  delimited(106, [joined(number(1, 5), text(99, "inner"))]),
  delimited(202, [permute]),
  number(203, 300),
);
const file = joined(text(1, "ssd"), delimited(100, [layer]), text(77, "whole net"));

describe("fields that only a fork knows", () => {
  test("survive being read and written, byte by byte", () => {
    const net = readBack(file, "ssd.caffemodel", silent);
    expect(net.layer?.[0]).toMatchObject({ name: "perm", convolution_param: { num_output: 5 } });
    expect(Buffer.from(encodeNetBinary(net)).includes(Buffer.from(layer))).toBe(true);
    expect(readBack(encodeNetBinary(net), "again", silent)).toEqual(net);
    expect(Buffer.from(encodeNetBinary(net)).includes("whole net")).toBe(true);
  });

  test("survive an upgrade of other fields; those of the old form are left out with a warning", () => {
    const input = joined(text(3, "data"), ...[1, 2, 3, 4].map((dim) => number(4, dim)));
    const net = readBack(joined(file, input), "ssd.caffemodel", silent);
    expect(net.layer?.map(({ type }) => type)).toEqual(["Input", "Permute"]);
    expect(Buffer.from(encodeNetBinary(net)).includes(Buffer.from(layer))).toBe(true);

    const warnings: string[] = [];
    const old = joined(text(4, "old"), number(5, 18), delimited(202, [permute]));
    const upgraded = readBack(
      joined(delimited(2, [old])),
      "old.caffemodel",
      (severity, _, line) => {
        if (severity === "warning") warnings.push(line);
      },
    );
    expect(upgraded.layer?.[0]).toMatchObject({ name: "old", type: "ReLU" });
    expect(Buffer.from(encodeNetBinary(upgraded)).includes(Buffer.from(permute))).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/old\.caffemodel: layer "old" .* left out/)]);
  });
});

test("parameters of a fork's layer type in a text are kept in an upgrade and in a .caffemodel", () => {
  const net = parseNetParameter(
    `input: "data" input_dim: [1, 2, 3, 4]
     layer { name: "p" type: "Correlation" bottom: "data" top: "p" correlation_param { order: [0, 2, 1] mode: FAST note: "x" } }`,
    "net.prototxt",
    silent,
  );
  const param = { order: [0, 2, 1], mode: "FAST", note: "x" };
  expect(net.layer?.[1]?.correlation_param).toEqual(param);
  for (const bytes of [encodeNetBinary(net), joined(encodeCaffemodel(net))]) {
    const again = readBack(bytes, "net.caffemodel", silent);
    expect(again.layer?.[1]?.correlation_param).toEqual(param);
    expect(encodeNetBinary(again)).toEqual(encodeNetBinary(net));
  }
  // Fields of forks that no layer type owns are not written: their numbers mean something else there.
  const other = parsePrototxt("NetParameter", 'layer { type: "Data" data_param { cache: true } }');
  const bare = parsePrototxt("NetParameter", 'layer { type: "Data" data_param { } }');
  expect(joined(encodeCaffemodel(other))).toEqual(joined(encodeCaffemodel(bare)));
});

test("a user's own parameters are kept under any name, in texts and in a .caffemodel", () => {
  const text = `layer { name: "p" type: "MyOwn" top: "p" my_own_param { order: [0, 2] mode: FAST sub { x: 1 } } speed: 3 }`;
  const net = parseNetParameter(text, "net.prototxt", silent);
  const own = { my_own_param: { order: [0, 2], mode: "FAST", sub: { x: 1 } }, speed: 3 };
  expect(net.layer?.[0]).toMatchObject(own);
  expect(netParameterOf(net)).toBe(net);
  const printed = printPrototxt("NetParameter", net);
  expect(printed).toContain("mode: FAST");
  expect(parsePrototxt("NetParameter", printed)).toEqual(net);
  for (const bytes of [encodeNetBinary(net), joined(encodeCaffemodel(net))]) {
    const again = readBack(bytes, "net.caffemodel", silent);
    expect(again.layer?.[0]).toMatchObject(own);
    expect(printPrototxt("NetParameter", again)).toBe(printed);
  }
});

test("and so are fields that the messages of others do not have, or that the upgrade writes out elsewhere", () => {
  const text = `layer { permute_param { order: 1 strange: 3 inner { a: FAST } } name: "p" type: "MyOwn" top: "p"
    convolution_param { kernel_size: 3 relu: true own: 2 weight_filler { type: "mine" far: 1 } }
    pooling_param { ceil_mode: false pool: AVE_TF } bn_param { bn_mode: LEARN } include { phase: TEST } }`;
  const net = parseNetParameter(text, "net.prototxt", silent);
  const own = {
    permute_param: { order: [1], strange: 3, inner: { a: "FAST" } },
    convolution_param: {
      kernel_size: [3],
      relu: true,
      own: 2,
      weight_filler: { type: "mine", far: 1 },
    },
    pooling_param: { ceil_mode: false, pool: "AVE_TF" },
    bn_param: { bn_mode: "LEARN" },
  };
  expect(net.layer).toHaveLength(1);
  expect(net.layer?.[0]).toMatchObject(own);
  expect(netParameterOf(net)).toBe(net);
  const printed = printPrototxt("NetParameter", net);
  expect(parsePrototxt("NetParameter", printed)).toEqual(net);
  for (const bytes of [encodeNetBinary(net), joined(encodeCaffemodel(net))]) {
    const again = readBack(bytes, "net.caffemodel", silent);
    expect(again.layer?.[0]).toMatchObject(own);
  }
});

test.each([
  'layer { type: "Permute" permute_param { strange: 1 } }',
  'layer { permute_param { strange: 1 } type: "Permute" }',
  'layer { type: "Convolution3D" permute_param { strange: 1 } }',
])("a message of this package has no fields of any name in a layer of this package: %s", (text) => {
  expect(() => parsePrototxt("NetParameter", text, "net.prototxt")).toThrow(
    /net\.prototxt:1:\d+: Message type "caffe\.PermuteParameter" has no field named "strange"/,
  );
});

test.each([
  'layer { type: "ReLU" my_own_param { x: 1 } }',
  'layer { my_own_param { x: 1 } type: "ReLU" }',
  "layer { my_own_param { x: 1 } }",
])("a layer of this package has no fields of any name: %s", (text) => {
  expect(() => parsePrototxt("NetParameter", text, "net.prototxt")).toThrow(
    /net\.prototxt:1:\d+: Message type "caffe\.LayerParameter" has no field named "my_own_param"/,
  );
});
