import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createLmdb } from "../../../src/io/db/lmdb/create.ts";
import {
  type AnnotationGroup,
  BBOX,
  encodeAnnotatedDatum,
} from "../../../src/io/proto/annotated-datum.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import type { Net } from "../../../src/net/net.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
let databases = 0;

/** A database of these records; its name. */
async function database(...records: Uint8Array[]): Promise<string> {
  const name = `db${databases++}`;
  const writer = createLmdb(join(folder, name));
  for (const [k, record] of records.entries()) {
    await writer.put(String(k).padStart(8, "0"), record);
  }
  await writer.finish();
  return name;
}

const datum = { channels: 1, height: 2, width: 4, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };

/** A record of one image with these objects. */
function annotated(...groups: AnnotationGroup[]): Uint8Array {
  return encodeAnnotatedDatum({ datum: { ...datum, label: -1 }, type: BBOX, groups });
}

function object(
  label: number,
  box: readonly [number, number, number, number],
  isDifficult = false,
): AnnotationGroup {
  return { label, annotations: [{ instance: 0, box, isDifficult }] };
}

function annotatedNet(source: string, more = "", annotatedParam = "", batchSize = 2): Net {
  return netOf(
    `layer { name: "data" type: "AnnotatedData" top: "data" top: "label"
       data_param { source: "${source}" batch_size: ${batchSize} }
       annotated_data_param { ${annotatedParam} } ${more} }`,
    { root: folder },
  );
}

async function labelsOf(net: Net): Promise<number[][]> {
  await net.forward();
  const { shape } = net.blob("label");
  const values = Array.from(net.blob("label").values());
  const row = shape.at(-1) ?? 1;
  net.close();
  return Array.from({ length: values.length / row }, (_, i) =>
    values.slice(i * row, (i + 1) * row),
  );
}

describe("AnnotatedData", () => {
  test("gives the boxes of all images, one row each, and images as they are", async () => {
    const source = await database(
      annotated(object(1, [0.25, 0, 0.5, 0.5]), {
        label: 3,
        annotations: [
          { instance: 0, box: [0, 0, 1, 1], isDifficult: true },
          { instance: 1, box: [0.5, 0.5, 0.75, 1], isDifficult: false },
        ],
      }),
      annotated(object(2, [0, 0.5, 0.25, 1])),
    );
    const net = annotatedNet(source);
    expect(net.blob("data").shape).toEqual([2, 1, 2, 4]);
    expect(net.blob("label").shape).toEqual([1, 1, 3, 8]);
    await net.forward();
    expect(Array.from(net.blob("data").values())).toEqual([...datum.data, ...datum.data]);
    expect(await labelsOf(net)).toEqual([
      [0, 1, 0, 0.25, 0, 0.5, 0.5, 0],
      [0, 3, 0, 0, 0, 1, 1, 1],
      [0, 3, 1, 0.5, 0.5, 0.75, 1, 0],
      [1, 2, 0, 0, 0.5, 0.25, 1, 0],
    ]);
  });

  test("gives one row of −1 where no image has a box", async () => {
    const source = await database(annotated());
    expect(await labelsOf(annotatedNet(source))).toEqual([new Array(8).fill(-1)]);
  });

  test("gives each image's label where records have no type", async () => {
    const of = (label: number): Uint8Array =>
      encodeAnnotatedDatum({ datum: { ...datum, label }, groups: [] });
    const source = await database(of(7), of(5));
    const net = annotatedNet(source);
    expect(net.blob("label").shape).toEqual([2]);
    await net.forward();
    expect(Array.from(net.blob("label").values())).toEqual([7, 5]);
    net.close();
  });

  test("gives YOLO's lists: label − 1, middle, size, and no difficult box where none is wanted", async () => {
    const groups = [object(2, [0.25, 0, 0.75, 0.5]), object(1, [0, 0, 1, 1], true)];
    const source = await database(annotated(...groups), annotated(object(3, [0, 0, 0.5, 1])));
    const rows = await labelsOf(annotatedNet(source, "", "yolo_data_type: 1 yolo_data_jitter: 0"));
    expect(rows).toHaveLength(600);
    expect(rows[0]).toEqual([1, 0.5, 0.25, 0.5, 0.5]);
    expect(rows[1]).toEqual([0, 0.5, 0.5, 1, 1]);
    expect(rows[2]).toEqual([0, 0, 0, 0, 0]);
    expect(rows[300]).toEqual([2, 0.25, 0.5, 0.5, 1]);
    const easy = await labelsOf(
      annotatedNet(source, "", "yolo_data_type: 1 train_diffcult: false yolo_data_jitter: 0"),
    );
    expect(easy[1]).toEqual([0, 0, 0, 0, 0]);
  });

  test("refuses a database of Datums, and Data one of AnnotatedDatums", async () => {
    const plain = await database(encodeDatum({ ...datum, label: 1 }));
    expect(() => annotatedNet(plain)).toThrow(/key "00000000": the record is a Datum/);
    const boxes = await database(annotated());
    expect(() =>
      netOf(
        `layer { name: "d" type: "Data" top: "x" data_param { source: "${boxes}" batch_size: 1 } }`,
        { root: folder },
      ),
    ).toThrow(/an AnnotatedDatum.*AnnotatedData/);
  });

  test("refuses a box that is not finite", async () => {
    const source = await database(annotated(object(1, [0, Number.NaN, 1, 1])));
    await expect(labelsOf(annotatedNet(source))).rejects.toThrow(/box is 0, NaN, 1, 1/);
  });
});
