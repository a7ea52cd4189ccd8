import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { messageType } from "../../../src/io/proto/messages.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { caffeHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const golden = (name: string): string => join("tests/golden/upgrade", name);
const out = (name: string): string => join(folder, name);

describe("the upgrade tools give what BVLC Caffe's give", () => {
  test.each([
    ["upgrade_net_proto_text", "v0-old.prototxt", "v0-new.prototxt", "NetParameter"],
    ["upgrade_net_proto_text", "v1-old.prototxt", "v1-new.prototxt", "NetParameter"],
    ["upgrade_solver_proto_text", "solver-old.prototxt", "solver-new.prototxt", "SolverParameter"],
  ] as const)("%s %s", async (tool, input, wanted, message) => {
    const { status, stderr } = await caffeHere([tool, golden(input), out(wanted)]);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("Successfully upgraded");
    expect(stderr).toContain(`Wrote upgraded ${message} text proto to ${out(wanted)}`);
    const read = (path: string) => parsePrototxt(message, readFileSync(path, "utf8"));
    expect(read(out(wanted))).toEqual(read(golden(wanted)));
  });

  test("upgrade_net_proto_binary keeps every weight", async () => {
    const { status, stderr } = await caffeHere([
      "upgrade_net_proto_binary",
      golden("v1.caffemodel"),
      out("v2.caffemodel"),
    ]);
    expect(status, stderr).toBe(0);
    const read = (path: string) => {
      const type = messageType("NetParameter");
      return type.toObject(type.decode(readFileSync(path)), { enums: String, longs: Number });
    };
    expect(read(out("v2.caffemodel"))).toEqual(read(golden("v1-upgraded.caffemodel")));
    const weights = (path: string) =>
      readCaffemodel(path).layers.map(({ name, blobs }) => [name, blobs]);
    expect(weights(out("v2.caffemodel"))).toEqual(weights(golden("v1.caffemodel")));
  });

  test("a file of the present form is written as it is, and said to be so", async () => {
    const { status, stderr } = await caffeHere([
      "upgrade_net_proto_text",
      golden("v1-new.prototxt"),
      out("again.prototxt"),
    ]);
    expect(status).toBe(0);
    expect(stderr).toContain(`File already in latest proto format: ${golden("v1-new.prototxt")}`);
  });
});

describe("what cannot be upgraded", () => {
  test.each([
    ["upgrade_net_proto_text", "layer { nam: 'x' }"],
    ["upgrade_net_proto_binary", "no protobuf"],
    ["upgrade_solver_proto_text", "base_lr: fast"],
  ])("%s ends with 2, as Caffe's does", async (tool, content) => {
    writeFileSync(out("bad"), content);
    const { status, stderr } = await caffeHere([tool, out("bad"), out("never")]);
    expect(status).toBe(2);
    expect(stderr).toContain(out("bad"));
    expect((await caffeHere([tool, "none", out("never")])).status).toBe(2);
    expect((await caffeHere([tool, out("bad")])).status).toBe(1);
  });
});
