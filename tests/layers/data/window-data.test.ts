import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { writeMean } from "../../../src/float-images/mean.ts";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();

/** An 8×8 image whose left half is 100 and whose right half is 200, and windows in both halves. */
beforeAll(async () => {
  const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) =>
    Math.floor(i / 3) % 8 < 4 ? 100 : 200,
  );
  await sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } })
    .png()
    .toFile(join(root, "halves.png"));
  const windows = ["3 0.9 0 0 3 3", "5 0.7 4 4 7 7", "1 0.2 0 0 7 7", "2 0.4 4 0 7 3"];
  writeFileSync(
    join(root, "windows.txt"),
    `# 0\nhalves.png\n3\n8\n8\n${windows.length}\n${windows.join("\n")}\n`,
  );
  writeFileSync(
    join(root, "outside.txt"),
    "# 0\nhalves.png\n3\n8\n8\n2\n1 0.9 0 0 9 9\n1 0.1 0 0 9 9\n",
  );
  writeMean(join(root, "mean.binaryproto"), {
    shape: [1, 8, 8],
    data: new Float32Array(64),
  });
  writeFileSync(join(root, "bad.txt"), "0\nhalves.png\n");
});

const windowNet = (
  param: string,
  transform = "crop_size: 2",
  options: Partial<NetOptions> = {},
): Net =>
  netOf(
    `layer { name: "t" type: "WindowData" top: "y" top: "label" window_data_param { ${param} } transform_param { ${transform} } }`,
    { root, ...options },
  );

async function batch(net: Net): Promise<{ labels: number[]; values: number[] }> {
  await net.forward();
  return { labels: [...net.blob("label").values()], values: [...net.blob("y").values()] };
}

const text = 'source: "windows.txt" batch_size: 4 fg_fraction: 0.5';

describe("WindowData", () => {
  test("gives background windows first, of class 0, then as many of the foreground as asked for", async () => {
    const net = windowNet(text);
    expect(net.blob("y").shape).toEqual([4, 3, 2, 2]);
    const { labels, values } = await batch(net);
    expect(labels.slice(0, 2)).toEqual([0, 0]);
    for (const [i, label] of labels.entries()) {
      if (i < 2) continue;
      expect([3, 5]).toContain(label);
      expect(new Set(values.slice(12 * i, 12 * i + 12))).toEqual(
        new Set([label === 3 ? 100 : 200]),
      );
    }
  });

  test("takes windows by their overlap", async () => {
    const { labels } = await batch(windowNet(`${text} fg_threshold: 0.8 bg_threshold: 0.3`));
    expect(labels).toEqual([0, 0, 3, 3]);
  });

  test("subtracts the mean, and scales by its own scale, not transform_param's", async () => {
    const net = windowNet(
      `${text} fg_threshold: 0.8 scale: 0.5`,
      "crop_size: 2 scale: 9 mean_value: 20",
    );
    expect((await batch(net)).values.slice(24)).toEqual(new Array(24).fill(40));
  });

  test("context and square windows leave what lies beyond the image empty", async () => {
    const net = windowNet(
      `${text} fg_threshold: 0.8 context_pad: 1 crop_mode: "square"`,
      "crop_size: 4",
    );
    const { values } = await batch(net);
    const window = values.slice(2 * 48, 2 * 48 + 16);
    expect(window.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect([window[4], window[8], window[12]]).toEqual([0, 0, 0]);
    expect(Math.min(...window.slice(5, 8))).toBeGreaterThan(0);
  });

  test.each(["", "cache_images: true"])(
    "images count as they come, whatever indices they have %s",
    async (cache) => {
      const windows = "3\n8\n8\n2\n3 0.9 0 0 3 3\n3 0.1 0 0 3 3";
      const images = ["2000000000", "1", "1"].map(
        (index) => `# ${index}\nhalves.png\n${windows}\n`,
      );
      writeFileSync(join(root, "indices.txt"), images.join(""));
      const net = windowNet(`source: "indices.txt" batch_size: 8 fg_fraction: 0.5 ${cache}`);
      expect(new Set((await batch(net)).values)).toEqual(new Set([100]));
      net.close();
    },
  );

  test("mirrors at random, and the same seed gives the same batches; a cache changes nothing", async () => {
    const all = 'source: "windows.txt" batch_size: 16 bg_threshold: 0.3';
    const run = (more: string, seed: number): Promise<{ labels: number[]; values: number[] }> =>
      batch(windowNet(`${all} ${more}`, "crop_size: 2 mirror: true", { seed }));
    const { labels, values } = await run("", 4);
    expect(await run("cache_images: true", 4)).toEqual({ labels, values });
    expect(await run("", 5)).not.toEqual({ labels, values });
    // A background window spans both halves: its left column is dark, or bright where it is mirrored.
    const left = labels.flatMap((label, i) => (label === 0 ? [values[12 * i]] : []));
    expect(new Set(left).size).toBe(2);
  });

  test("deals its draws out to the solvers that train side by side; in testing each has all", async () => {
    const all = 'source: "windows.txt" fg_fraction: 0.5 bg_threshold: 0.5';
    const read = async (
      batchSize: number,
      count: number,
      options: Partial<NetOptions>,
    ): Promise<{ labels: number[]; values: number[] }[]> => {
      const net = windowNet(`${all} batch_size: ${batchSize}`, "crop_size: 2 mirror: true", {
        seed: 4,
        ...options,
      });
      const batches = [];
      for (let i = 0; i < count; i++) batches.push(await batch(net));
      net.close();
      return batches;
    };
    // Of one window each, all of them background: record k is the same draw, whoever makes it.
    const whole = await read(1, 12, {});
    expect(new Set(whole.map(({ values }) => values.join())).size).toBeGreaterThan(2);
    for (const count of [2, 3]) {
      for (let rank = 0; rank < count; rank++) {
        const shard = { rank, count };
        expect(await read(1, 4, { shard })).toEqual(
          whole.filter((_, i) => i % count === rank).slice(0, 4),
        );
        expect(await read(1, 4, { shard, phase: "TEST" })).toEqual(
          await read(1, 4, { phase: "TEST" }),
        );
      }
    }
    // Each rank's batches hold background and foreground as asked for.
    const ranks = await Promise.all(
      [0, 1].map((rank) => read(4, 3, { shard: { rank, count: 2 } })),
    );
    for (const { labels } of ranks.flat()) {
      expect(labels.map((label) => label > 0)).toEqual([false, false, true, true]);
    }
    expect(ranks[0]).not.toEqual(ranks[1]);
  });

  test("goes on from its state as if never stopped", async () => {
    const first = windowNet(text, "crop_size: 2 mirror: true", { seed: 1 });
    await batch(first);
    const resumed = windowNet(text, "crop_size: 2 mirror: true", { seed: 2 });
    await resumed.layers[0]?.restore(first.layers[0]?.state() ?? {});
    for (let i = 0; i < 3; i++) expect(await batch(resumed)).toEqual(await batch(first));
  });

  test.each([
    ['source: "windows.txt"', "crop_size: 2", "window_data_param.batch_size is 0"],
    ["batch_size: 1", "crop_size: 2", "window_data_param has no source"],
    [text, "", "transform_param.crop_size is 0"],
    [`${text} context_pad: 1`, "crop_size: 2", "Expected less than half of crop_size 2"],
    [
      text,
      "crop_size: 2 mean_value: 1 mean_value: 2",
      "Specify either 1 mean_value or as many as channels: 3",
    ],
    [text, 'crop_size: 2 mean_file: "mean.binaryproto"', "the mean image has 1 channels, and"],
    ['source: "bad.txt" batch_size: 1', "crop_size: 2", "Expected # and its index"],
    ['source: "none.txt" batch_size: 1', "crop_size: 2", "no such file or directory"],
    [`${text} bg_threshold: 0`, "crop_size: 2", "Expected both kinds"],
    [`${text} fg_threshold: nan`, "crop_size: 2", "fg_threshold NaN and bg_threshold 0.5"],
    [`${text} scale: nan`, "crop_size: 2", "window_data_param.scale is NaN"],
  ])("refuses %s with %s", (param, transform, message) => {
    expect(() => windowNet(param, transform)).toThrow(message);
    expect(() => windowNet(param, transform)).toThrow('layer "t" (WindowData): ');
  });

  test("refuses windows that do not lie in their image", async () => {
    await expect(batch(windowNet('source: "outside.txt" batch_size: 1'))).rejects.toThrow(
      "Expected it to lie within the image",
    );
  });
});
