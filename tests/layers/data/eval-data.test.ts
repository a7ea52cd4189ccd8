import { beforeAll, describe, expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import { netOf } from "../../support/nets.ts";
import { rows, tops, values, writeObjectFiles } from "../../support/object-files.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
beforeAll(() => writeObjectFiles(root));

const evaluation = (param: string, transform = ""): Net =>
  netOf(
    `layer { name: "t" type: "EvalData" ${tops(["y", "boxes", "size"])} eval_data_param { source: "cascade.txt" ${param} } transform_param { ${transform} } }`,
    { root, phase: "TEST" },
  );

describe("EvalData", () => {
  test("brings sides to multiples of 32, and boxes with them", async () => {
    const net = evaluation("batch_size: 1 short_size: 32 long_size: 50", "mean_value: 1 scale: 2");
    await net.forward();
    // 8×16 becomes 32×50, and that 32×64.
    expect(net.blob("y").shape).toEqual([1, 1, 32, 64]);
    expect(values(net, "size")).toEqual([32, 64]);
    expect(net.blob("size").shape).toEqual([1, 2, 1, 1]);
    expect(values(net, "y")[0]).toBe(-2);
    expect(rows(values(net, "boxes"), 8)).toEqual([
      [0, 0, 0, 12, 12, 3, 0, 0],
      [0, 36, 4, 48, 16, 2, 1, 1],
    ]);
    await net.forward();
    expect(net.blob("y").shape).toEqual([1, 1, 64, 32]);
    expect(values(net, "boxes")).toEqual(new Array(8).fill(-1));
  });

  test("takes batches of one size", async () => {
    const net = evaluation("batch_size: 2 resize_width: 32 resize_height: 32");
    await net.forward();
    expect(net.blob("y").shape).toEqual([2, 1, 32, 32]);
    expect(net.blob("boxes").shape).toEqual([2, 8, 1, 1]);
    expect(() => evaluation("batch_size: 2")).toThrow("Expected 1, or resize_width");
    expect(() => evaluation("")).toThrow("batch_size is 0");
    expect(() => evaluation("batch_size: 1", "crop_size: 2")).toThrow("mean_file or crop_size");
  });
});
