import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDatabase } from "../../../src/io/db/open.ts";
import { encodeImage } from "../../../src/io/images/encode.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { Net } from "../../../src/net/net.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const BYTES = Uint8Array.from([10, 20, 30, 40]);
const IMAGE = { channels: 1, height: 2, width: 2, data: BYTES };

/** What the first layer of a net tells of its records. */
function recordsOf(text: string, root: string) {
  const net = new Net(parsePrototxt("NetParameter", text, "net"), { root, phase: "TEST" });
  try {
    return net.layers[0]?.openRecords();
  } finally {
    net.close();
  }
}

test.each(["lmdb", "leveldb"] as const)(
  "records of %s are counted, named and seen in any order",
  async (backend) => {
    const folder = temporaryFolder();
    const database = await createDatabase(join(folder, "db"), backend);
    await database.put("a", encodeDatum({ ...IMAGE, label: 0 }));
    const png = await encodeImage(IMAGE, "png");
    await database.put("b", encodeDatum({ data: png, encoded: true, label: 1 }));
    await database.put("c", encodeDatum({ ...IMAGE, label: 2 }));
    await database.finish();
    const records = recordsOf(
      'layer { name: "d" type: "Data" top: "d" data_param { source: "db" batch_size: 2 } }',
      folder,
    );
    expect(records?.count).toBe(3);
    expect([0, 1, 2, 0].map((i) => records?.name(i))).toEqual(["a", "b", "c", "a"]);
    const raw = await records?.picture(2);
    expect(raw).toMatchObject({ channels: 1, height: 2, width: 2 });
    expect(Array.from(raw?.data ?? [])).toEqual([10, 20, 30, 40]);
    // Decoded in colour: three channels of it.
    expect(await records?.picture(1)).toMatchObject({ channels: 3, height: 2, width: 2 });
    records?.close();
  },
);

test("images of a list are named by their paths, in the order of a shuffled pass too", async () => {
  const folder = temporaryFolder();
  for (const name of ["a b.png", "c.png"]) {
    writeFileSync(join(folder, name), await encodeImage(IMAGE, "png"));
  }
  writeFileSync(join(folder, "list.txt"), "a b.png 0\nc.png 1\n");
  const layer = (more: string): string =>
    `layer { name: "d" type: "ImageData" top: "d" top: "l" image_data_param { source: "list.txt" batch_size: 2 ${more} } }`;
  const records = recordsOf(layer(""), folder);
  expect([records?.count, records?.name(0), records?.name(1)]).toEqual([2, "a b.png", "c.png"]);
  expect(await records?.picture(0)).toMatchObject({ channels: 3, height: 2, width: 2 });
  const shuffled = recordsOf(layer("shuffle: true"), folder);
  expect([shuffled?.name(0), shuffled?.name(1)].sort()).toEqual(["a b.png", "c.png"]);
  // What is skipped is drawn: of 99 it is nothing once.
  expect(() => {
    for (const rand_skip of [99, 98])
      recordsOf(layer(`shuffle: true rand_skip: ${rand_skip}`), folder);
  }).toThrow(/shuffle and rand_skip together leave some records out/);
});
