// The commands that make databases of MNIST and CIFAR files: convert_mnist_data,
// convert_mnist_siamese_data, convert_cifar_data.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeDatum } from "../../../src/io/proto/datum.ts";
import { caffeHere } from "../../support/cli.ts";
import { readAll } from "../../support/databases.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

const golden = new URL("../../golden/cases/data/db_mnist_0/", import.meta.url).pathname;
const [images, labels] = [join(golden, "images.idx"), join(golden, "labels.idx")];
const datums = (path: string) =>
  readAll(join(folder, path)).map(([, value]) => decodeDatum(value, path));

describe("convert_cifar_data", () => {
  const RECORD = 3073;
  beforeAll(() => {
    mkdirSync(join(folder, "cifar"));
    for (const [f, name] of [
      ...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}`),
      "test_batch",
    ].entries()) {
      const bytes = new Uint8Array(2 * RECORD);
      for (let i = 0; i < 2; i++) bytes.fill(10 * f + i, i * RECORD, (i + 1) * RECORD);
      writeFileSync(join(folder, "cifar", `${name}.bin`), bytes);
    }
  });

  test.each(["lmdb", "leveldb"])("writes two databases, %s", async (type) => {
    const { status, stderr } = await caffeHere(["convert_cifar_data", "cifar", ".", type], folder);
    expect([status, stderr]).toEqual([0, expect.stringContaining("Processed 12 files.")]);
    const train = readAll(join(folder, `cifar10_train_${type}`)).map(([key]) => key);
    expect(train).toEqual(Array.from({ length: 10 }, (_, i) => `0000${i}`));
    const found = datums(`cifar10_train_${type}`);
    expect(found.map(({ label }) => label)).toEqual([0, 1, 10, 11, 20, 21, 30, 31, 40, 41]);
    expect(found[3]).toMatchObject({ channels: 3, height: 32, width: 32 });
    expect(found[3]?.data).toEqual(new Uint8Array(3072).fill(11));
    expect(datums(`cifar10_test_${type}`).map(({ label }) => label)).toEqual([50, 51]);
  });

  test("refuses a file that is cut short, or missing, before anything is written", async () => {
    mkdirSync(join(folder, "short"));
    const run = () => caffeHere(["convert_cifar_data", "cifar", "short", "lmdb"], folder);
    writeFileSync(join(folder, "cifar/data_batch_3.bin"), new Uint8Array(RECORD - 1));
    expect((await run()).stderr).toMatch(
      /data_batch_3\.bin: it has 3072 bytes\. Expected 3073 for each/,
    );
    rmSync(join(folder, "cifar/data_batch_3.bin"));
    expect((await run()).stderr).toMatch(/CIFAR file "cifar\/data_batch_3\.bin" cannot be read/);
    expect(readdirSync(join(folder, "short"))).toEqual([]);
  });
});

describe("convert_mnist_siamese_data", () => {
  const run = (path: string, ...flags: string[]) =>
    caffeHere(["convert_mnist_siamese_data", images, labels, path, ...flags], folder);

  test("writes as many pairs as there are images, of label 1 where both are of a class", async () => {
    expect((await run("pairs")).status).toBe(0);
    expect(existsSync(join(folder, "pairs/CURRENT"))).toBe(true);
    expect(
      (await caffeHere(["convert_mnist_data", images, labels, "singles"], folder)).status,
    ).toBe(0);
    const singles = datums("singles");
    const pairs = datums("pairs");
    expect(pairs.length).toBe(singles.length);
    const classOf = (half: Uint8Array): number[] =>
      singles.filter(({ data }) => Buffer.from(data).equals(half)).map(({ label }) => label);
    for (const { channels, data, label } of pairs) {
      expect(channels).toBe(2);
      const [a, b] = [data.subarray(0, data.length / 2), data.subarray(data.length / 2)].map(
        classOf,
      );
      expect(label).toBe(a?.some((one) => b?.includes(one)) ? 1 : 0);
    }
    expect(readAll(join(folder, "pairs"))[1]?.[0]).toBe("00000001");
  });

  test("draws as the seed says, to an LMDB too", async () => {
    await run("pairs-a", "--backend=lmdb", "--seed=5");
    await run("pairs-b", "--backend=leveldb", "--seed=5");
    await run("pairs-c", "--seed=6");
    expect(readAll(join(folder, "pairs-a"))).toEqual(readAll(join(folder, "pairs-b")));
    expect(readAll(join(folder, "pairs-a"))).not.toEqual(readAll(join(folder, "pairs-c")));
  });
});

test("convert_mnist_data writes LevelDB too", async () => {
  const { status } = await caffeHere(
    ["convert_mnist_data", images, labels, "level", "--backend", "leveldb"],
    folder,
  );
  expect(status).toBe(0);
  expect(existsSync(join(folder, "level/CURRENT"))).toBe(true);
  expect(readAll(join(folder, "level")).length).toBe(6);
});
