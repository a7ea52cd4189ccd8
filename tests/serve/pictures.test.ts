// What pictures show: the same as the commands say, to the bit where a picture has a pass of its own.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { sourcesOf } from "../../src/cli/serve-sources.ts";
import { mapColour } from "../../src/draw/palette.ts";
import { palettePng } from "../../src/io/images/palette-png.ts";
import { Net } from "../../src/net/net.ts";
import { runFileText } from "../../src/new-run/run-file.ts";
import { serve } from "../../src/serve/serve.ts";
import { caffeHere } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ask } from "./served.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const NO_FLAGS = {
  ...{ runs: [], model: [], weights: [], name: [], labels: undefined, image_dims: undefined },
  ...{ threshold: 0.5, max_batch: 8, engine: undefined, threads: undefined, gpu: undefined },
  ...{ mean: undefined, mean_value: undefined, raw_scale: 255, input_scale: undefined },
  ...{ channel_swap: undefined, resize: undefined, input_size: undefined },
  ...{ shorter_side: undefined, longer_side: undefined },
};

const CLASSIFIER = `
  name: "flowers"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 12 dim: 12 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: "msra" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
  layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: AVE global_pooling: true } }
  layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "gaussian" std: 0.02 } } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;
const SEGMENTER = `
  name: "roads"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 20 dim: 30 } } }
  layer { name: "score" type: "ReLU" bottom: "data" top: "score" }`;
const DETECTOR = `
  name: "cells"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "cell" type: "Pooling" bottom: "data" top: "cell" pooling_param { pool: AVE kernel_size: 4 stride: 4 } }
  layer { name: "conf" type: "Convolution" bottom: "cell" top: "conf" convolution_param { num_output: 3 kernel_size: 1 weight_filler { type: "gaussian" std: 0.05 } } }
  layer { name: "confs" type: "Permute" bottom: "conf" top: "confs" permute_param { order: 0 order: 2 order: 3 order: 1 } }
  layer { name: "flat" type: "Flatten" bottom: "confs" top: "flat" }
  layer { name: "loc" type: "Convolution" bottom: "cell" top: "loc" convolution_param { num_output: 4 kernel_size: 1 } }
  layer { name: "locs" type: "Permute" bottom: "loc" top: "locs" permute_param { order: 0 order: 2 order: 3 order: 1 } }
  layer { name: "flatLoc" type: "Flatten" bottom: "locs" top: "flatLoc" }
  layer { name: "prior" type: "PriorBox" bottom: "cell" bottom: "data" top: "prior" prior_box_param { min_size: 4 } }
  layer { name: "found" type: "DetectionOutput" bottom: "flatLoc" bottom: "flat" bottom: "prior" top: "found"
    detection_output_param { num_classes: 3 code_type: CENTER_SIZE confidence_threshold: 0.01 } }`;

const png = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** Files of a net, its weights drawn by its fillers. */
function files(name: string, text: string): { readonly model: string; readonly weights: string } {
  const [model, weights] = [at(`${name}.prototxt`), at(`${name}.caffemodel`)];
  writeFileSync(model, text);
  using net = new Net(model, { seed: 5, phase: "TEST" });
  // Statistics of nothing would divide by nothing.
  net.params.get("bn")?.forEach((blob, i) => {
    blob.data.fill(i === 0 ? 0.3 : 1);
  });
  net.save(weights);
  return { model, weights };
}

async function picture(): Promise<Buffer> {
  const raw = { width: 40, height: 24, channels: 3 } as const;
  const pixels = Uint8Array.from({ length: 40 * 24 * 3 }, (_, i) => (i * i) % 251);
  return await sharp(pixels, { raw }).png().toBuffer();
}

test("a run's folder, a segmenter and a detector say what the commands say", async () => {
  const classifier = files("net_iter_3", CLASSIFIER);
  const segmenter = files("roads", SEGMENTER);
  const detector = files("cells", DETECTOR);
  writeFileSync(at("picture.png"), await picture());
  writeFileSync(at("labels.txt"), 'rose\n<img src=x onerror="alert(1)">\nt\u00fclip "red"\n');
  const run = { model: "made", deploy: "net_iter_3.prototxt", labels: "labels.txt", size: 12 };
  const dims = { image_dims: [14, 14], mean_value: [104, 117, 123] } as const;
  writeFileSync(at("run.json"), runFileText({ ...run, ...dims, input_scale: 0.1 }));
  const bytes = readFileSync(at("picture.png"));

  const models = sourcesOf({
    ...NO_FLAGS,
    runs: [classifier.weights],
    model: [segmenter.model, detector.model],
    weights: [segmenter.weights, detector.weights],
    threshold: 0.2,
  });
  const serving = await serve({ port: 0, models });
  try {
    const { url } = serving;
    const tasks = serving.models.map(({ name, facts }) => [name, facts.task, facts.maxBatch]);
    expect(tasks).toEqual([
      ["flowers", "classification", 8],
      ["roads", "segmentation", 8],
      ["cells", "detection", 0],
    ]);
    const said = async (...args: string[]): Promise<Record<string, unknown>> => {
      const { status, stdout, stderr } = await caffeHere([...args, "--json"]);
      expect([status, stderr]).toEqual([0, expect.any(String)]);
      const [{ file: _, ...rest }] = JSON.parse(stdout);
      return rest;
    };
    const classes = await said("classify", classifier.weights, at("picture.png"));
    const classify = `${url}/v2/models/flowers/classify`;
    const shown = (await ask(classify, new Uint8Array(bytes), { "content-type": "image/png" }))
      .json;
    expect(shown).toEqual({ model_name: "flowers", model_version: "1", pictures: [classes] });
    expect(JSON.stringify(shown)).toContain("<img src=x");

    // As a form and as JSON, and the wishes in each way.
    const form = new FormData();
    form.append("image", new Blob([bytes]), "a.png");
    form.append("image", new Blob([bytes]), "b.png");
    form.append("top", "1");
    const [best] = classes["predictions"] as unknown[];
    const both = await (await fetch(classify, { method: "POST", body: form })).json();
    // Both run in one pass, where sums may be taken in another order.
    const { index, label, score } = best as { index: number; label: string; score: number };
    const about = { index, label, score: expect.closeTo(score, 5) };
    expect(both).toHaveProperty("pictures", [
      { file: "a.png", predictions: [about] },
      { file: "b.png", predictions: [about] },
    ]);
    // One that cannot be read fails for itself alone.
    const sent = [png(bytes), png(bytes.subarray(0, 300)), png(bytes)];
    const three = await Promise.all(sent.map((one) => ask(`${classify}?top=1`, one)));
    expect(three.map(({ status }) => status)).toEqual([200, 400, 200]);
    for (const i of [0, 2]) expect(three[i]?.json.pictures).toEqual([{ predictions: [about] }]);
    const json = { "content-type": "application/json" };
    const image = bytes.toString("base64");
    expect((await ask(classify, { image, top: 1 }, json)).json.pictures).toEqual([
      { predictions: [best] },
    ]);
    const cropped = await said("classify", classifier.weights, at("picture.png"), "--oversample");
    const ten = (await ask(`${classify}?oversample=1`, { image }, json)).json.pictures[0];
    expect(ten.predictions).toEqual(
      (cropped["predictions"] as { score: number }[]).map((one) => {
        return { ...one, score: expect.closeTo(one.score, 5) };
      }),
    );

    const flags = ({ model, weights }: { model: string; weights: string }): string[] => [
      `--model=${model}`,
      `--weights=${weights}`,
    ];
    const things = await said(
      "detect",
      at("picture.png"),
      ...flags(detector),
      "--threshold=0.2",
      "--format=none",
    );
    expect((things["objects"] as unknown[]).length).toBeGreaterThan(0);
    expect((await ask(`${url}/v2/models/cells/detect`, png(bytes))).json.pictures).toEqual([
      things,
    ]);
    const places = await said("segment", at("picture.png"), ...flags(segmenter), "--format=none");
    expect((await ask(`${url}/v2/models/roads/segment`, png(bytes))).json.pictures).toEqual([
      places,
    ]);

    // The mask has each pixel's class as the number of a colour.
    const masked = await ask(`${url}/v2/models/roads/segment?mask=1`, png(bytes));
    const [{ mask, ...rest }] = masked.json.pictures;
    expect(rest).toEqual(places);
    const file = Buffer.from(mask, "base64");
    const numbers = palettePng(file, "the mask")?.data ?? [];
    const { classes: found } = rest as { classes: { label: number; pixels: number }[] };
    expect(numbers.length).toBe(40 * 24);
    for (const one of found) {
      expect([...numbers].filter((number) => number === one.label).length).toBe(one.pixels);
    }
    const { data: colours } = await sharp(file)
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([...colours.subarray(0, 3)]).toEqual([...mapColour(numbers[0] ?? 0)]);
    expect((await ask(`${url}/v2/models/roads/segment?mask=2`, png(bytes))).json.error).toContain(
      'mask is "2"',
    );

    // The net of the pictures takes tensors too, and its labels.
    const tensor = {
      inputs: [{ name: "data", shape: [1, 3, 12, 12], datatype: "FP32", data: Array(432).fill(1) }],
      outputs: [{ name: "prob", parameters: { classification: 3 } }],
    };
    const { outputs } = (await ask(`${url}/v2/models/flowers/infer`, tensor)).json;
    expect(outputs[0]).toMatchObject({ datatype: "BYTES", shape: [1, 3] });
    expect(outputs[0].data.join()).toMatch(/\d\.\d{6}:1:<img src=x/);

    // What is no picture, or is asked of the wrong net.
    expect(await ask(classify, "no picture")).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining("it does not begin as an image does") },
    });
    expect((await ask(`${url}/v2/models/roads/classify`, png(bytes))).json.error).toContain(
      "Expected …/segment",
    );
    expect((await ask(`${classify}?top=0`, png(bytes))).json.error).toContain('top is "0"');
    expect((await ask(classify, { image: 3 }, json)).status).toBe(400);
    expect((await ask(classify, {}, json)).status).toBe(400);
    const damaged = { "content-type": "multipart/form-data; boundary=x" };
    expect((await ask(classify, "--x\r\nno", damaged)).json).toEqual({
      error: "the form is damaged.",
    });
    expect((await ask(classify, "--x\r\n".repeat(400), damaged)).status).toBe(413);
    // A bomb: a few bytes that say they are many pixels.
    const bomb = new Uint8Array(bytes);
    new DataView(bomb.buffer).setUint32(16, 60_000);
    new DataView(bomb.buffer).setUint32(20, 2000);
    expect(await ask(classify, bomb)).toMatchObject({
      status: 413,
      json: { error: "the picture has 2000×60000 pixels. Expected 25000000 at most." },
    });
  } finally {
    await serving.close();
  }
}, 240_000);

test("labels that are not as many as classes, and folders without a run or weights, are refused", async () => {
  const { model, weights } = files("other", CLASSIFIER);
  writeFileSync(at("two.txt"), "a\nb\n");
  const models = sourcesOf({
    ...NO_FLAGS,
    model: [model],
    weights: [weights],
    labels: at("two.txt"),
  });
  await expect(serve({ port: 0, models })).rejects.toThrow("2 labels for 3 classes");
  const empty = temporaryFolder();
  const [source] = sourcesOf({ ...NO_FLAGS, runs: [empty] });
  expect(() => source?.plan()).toThrow("has no weights yet");
  writeFileSync(join(empty, "a.caffemodel"), "");
  expect(() => source?.plan()).toThrow("has no run.json");
  expect(() => sourcesOf({ ...NO_FLAGS, image_dims: "3", model: [model] })).toThrow("height,width");
});

test("flags of preparation count for every model, or each for its own", () => {
  const two = { ...NO_FLAGS, model: ["a.prototxt", "b.prototxt"], weights: ["a", "b"] };
  const plansOf = (flags: object) => sourcesOf({ ...two, ...flags }).map(({ plan }) => plan());
  const [a, b] = plansOf({ mean_value: ["1,2,3", ""], raw_scale: ["1"], palette: "cityscapes" });
  expect([a?.classifier?.mean, b?.classifier?.mean]).toEqual([[1, 2, 3], undefined]);
  expect([a?.pictures?.rawScale, b?.pictures?.rawScale]).toEqual([1, 1]);
  expect(b?.palette?.[0]).toEqual([128, 64, 128]);
  const [c, d] = plansOf({
    raw_scale: undefined,
    resize: ["fit", "none"],
    threshold: ["0.3", "0.4"],
  });
  expect([c?.classifier?.rawScale, c?.pictures?.resize, d?.pictures?.resize]).toEqual([
    ...[255, "fit", "none"],
  ]);
  expect([c?.threshold, d?.threshold]).toEqual([0.3, 0.4]);
  expect(() => plansOf({ input_scale: ["1", "2", "3"] })).toThrow(
    "--input_scale is given 3 times for 2 models",
  );
  expect(() => plansOf({ input_scale: ["x"] })).toThrow("--input_scale is x");
});
