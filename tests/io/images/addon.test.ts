import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { imagesAddon } from "../../../src/io/images/addon.ts";
import { isLong } from "../../support/long.ts";

const addon = fileURLToPath(new URL("../../../build/Release/caffe_images.node", import.meta.url));

/** Ends threads at each moment of loading the addon, as closing a net does that has just opened its data. */
const SCRIPT = `
  import { once } from "node:events";
  import { Worker } from "node:worker_threads";
  const thread = "import { parentPort } from 'node:worker_threads'; parentPort.postMessage(0);" +
    "process.dlopen({ exports: {} }, " + ${JSON.stringify(JSON.stringify(addon))} + ");";
  for (let i = 0; i < 100; i++) {
    const worker = new Worker(thread, { eval: true });
    await once(worker, "message");
    for (const end = performance.now() + (i % 20) * 0.04; performance.now() < end; );
    await worker.terminate();
  }
  console.log("whole");`;

test.skipIf(!existsSync(addon) || !isLong)(
  "a thread that ends while the addon is loaded ends alone",
  () => {
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", SCRIPT], {
      encoding: "utf8",
    });
    expect([run.status, run.signal, run.stderr, run.stdout]).toEqual([0, null, "", "whole\n"]);
  },
);

/** One image of 2 channels, 2 rows and 3 columns, plane by plane. */
const PLACES = [0, 6, 3, 1, 2, 2, 3, 0, 6, 3, 0, 0];

test.skipIf(!existsSync(addon))("no length is trusted that is not that of the memory", () => {
  const images = imagesAddon();
  const floats = (count: number): Float32Array => new Float32Array(count);
  const transform = (
    change: Record<number, number>,
    { pixels = 12, mean = 0, values = 3, out = 12, cut = 0 } = {},
  ): void => {
    const places = Int32Array.from(PLACES, (value, i) => change[i] ?? value);
    images?.transform(
      new Uint8Array(pixels),
      mean > 0 ? floats(mean) : undefined,
      floats(values),
      places.subarray(0, places.length - cut),
      floats(out),
    );
  };
  transform({});
  transform({}, { mean: 12, values: 1 });
  transform({ 4: 0, 0: 99 });
  transform({ 0: 3, 2: -3 });
  const most = 2 ** 31 - 1;
  const pixels = "reaches beyond its pixels";
  expect(() => transform({}, { pixels: 11 })).toThrow(pixels);
  expect(() => transform({ 0: -1 })).toThrow(pixels);
  expect(() => transform({ 3: -1 })).toThrow(pixels);
  expect(() => transform({ 1: most, 2: most, 3: most, 4: most, 5: most, 6: most })).toThrow(pixels);
  expect(() => transform({ 5: -1 })).toThrow("negative size");
  expect(() => transform({}, { mean: 11 })).toThrow("beyond the mean's");
  expect(() => transform({}, { values: 2 })).toThrow("more channels than there are means");
  expect(() => transform({}, { values: 0 })).toThrow("scale is missing");
  expect(() => transform({}, { out: 11 })).toThrow("beyond what is written");
  expect(() => transform({ 11: 1 })).toThrow("beyond what is written");
  expect(() => transform({ 11: -1 })).toThrow("beyond what is written");
  const still = { 1: 0, 2: 0, 3: 0, 4: most, 5: most, 6: most };
  expect(() => transform(still, { mean: 0, values: 3 })).toThrow("more channels");
  expect(() => transform({ ...still, 4: 2 })).toThrow("beyond what is written");
  expect(() => transform({}, { cut: 1 })).toThrow("not whole");
  const wrong = [1] as unknown as Float32Array;
  expect(() =>
    images?.transform(new Uint8Array(12), undefined, wrong, Int32Array.from(PLACES), floats(12)),
  ).toThrow("another type");
  const jpeg = (width: number, height: number, channels: number): void =>
    images?.decodeJpeg(new Uint8Array(4), width, height, channels, new Uint8Array(12));
  for (const [width, height, channels] of [
    [5, 1, 3],
    [2 ** 31, 2 ** 31, 4],
    [0, 0, 3],
  ] as const) {
    expect(() => jpeg(width, height, channels)).toThrow("too small");
  }
  expect(() => images?.decodeJpeg(wrong as never, 1, 1, 3, new Uint8Array(3))).toThrow("bytes");
});
