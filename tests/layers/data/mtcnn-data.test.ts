import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writeDatabase } from "../../../src/io/convert/write-database.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import { delimited } from "../../../src/io/proto/wire.ts";
import type { Net } from "../../../src/net/net.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();

/** Floats of one field after the other, from field 1 on; or all of one field. */
function floats(values: readonly number[], field?: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(5 * values.length));
  values.forEach((value, i) => {
    bytes.setUint8(5 * i, ((field ?? i + 1) << 3) | 5);
    bytes.setFloat32(5 * i + 1, value, true);
  });
  return new Uint8Array(bytes.buffer);
}

function record(label: number, box: readonly number[], points: readonly number[]): Uint8Array {
  const data = Uint8Array.from([label + 10, label + 20]);
  const datum = encodeDatum({ channels: 1, height: 1, width: 2, data, label });
  return Buffer.concat([
    ...delimited(1, [datum]),
    ...delimited(2, [floats(box)]),
    floats(points, 3),
  ]);
}

const write = (name: string, values: readonly Uint8Array[]): Promise<number> =>
  writeDatabase(
    join(root, name),
    "lmdb",
    values.map((value, i) => [String(i), value] as const),
    values.length,
  );

beforeAll(async () => {
  await write("faces", [
    record(1, [0.5, -0.25, 0, 1], [0.125, 0.25]),
    record(-1, [0, 0, 0.5, 0.5], [0.5, 0.75]),
    record(0, [], [0, 0]),
  ]);
  await write("plain", [
    encodeDatum({ channels: 1, height: 1, width: 1, data: new Uint8Array(1) }),
  ]);
  await write("uneven", [record(1, [], [1, 2]), record(1, [], [1])]);
  await write("none", [record(1, [], [])]);
});

const mtcnn = (source: string, tops = 4, transform = ""): Net =>
  netOf(
    `layer { name: "t" type: "MTCNNData" ${["y", "label", "roi", "points"]
      .slice(0, tops)
      .map((top) => `top: "${top}"`)
      .join(
        " ",
      )} data_param { source: "${source}" batch_size: 2 } transform_param { ${transform} } }`,
    { root },
  );

describe("MTCNNData", () => {
  test("gives images, labels, boxes and points, round and round", async () => {
    const net = mtcnn("faces", 4, "mean_value: 10 scale: 0.5");
    const values = (name: string): number[] => [...net.blob(name).values()];
    expect(["y", "label", "roi", "points"].map((name) => net.blob(name).shape)).toEqual([
      [2, 1, 1, 2],
      [2, 1],
      [2, 4],
      [2, 2],
    ]);
    await net.forward();
    expect(values("y")).toEqual([0.5, 5.5, -0.5, 4.5]);
    expect(values("label")).toEqual([1, -1]);
    expect(values("roi")).toEqual([0.5, -0.25, 0, 1, 0, 0, 0.5, 0.5]);
    expect(values("points")).toEqual([0.125, 0.25, 0.5, 0.75]);
    await net.forward();
    expect(values("label")).toEqual([0, 1]);
    expect(values("roi").slice(0, 4)).toEqual([0, 0, 0, 0]);
  });

  test("leaves points out where there is no top for them", async () => {
    const net = mtcnn("uneven", 3);
    await net.forward();
    expect([...net.blob("label").values()]).toEqual([1, 1]);
  });

  test("goes on from its state as if never stopped", async () => {
    const first = mtcnn("faces");
    await first.forward();
    const resumed = mtcnn("faces");
    await resumed.layers[0]?.restore(first.layers[0]?.state() ?? {});
    await Promise.all([first.forward(), resumed.forward()]);
    expect([...resumed.blob("label").values()]).toEqual([...first.blob("label").values()]);
  });

  test("refuses what boxes would not follow, Datums, and points that are not there", async () => {
    expect(() => mtcnn("faces", 4, "mirror: true")).toThrow("boxes and points would not follow");
    expect(() => mtcnn("faces", 4, "crop_size: 1")).toThrow("boxes and points would not follow");
    expect(() => mtcnn("plain")).toThrow("is a Datum, which holds no box");
    expect(() => mtcnn("none")).toThrow("the first record has no points");
    await expect(mtcnn("uneven").forward()).rejects.toThrow(
      /key "1": it has 1 numbers of points, and the first record 2/,
    );
  });
});
