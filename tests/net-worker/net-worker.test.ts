import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngines } from "../../src/engines/create.ts";
import { parseNetParameter } from "../../src/io/text/read-net.ts";
import { decodeCaffemodel, encodeCaffemodel } from "../../src/io/weights/caffemodel.ts";
import { Net } from "../../src/net/net.ts";
import { NetWorker } from "../../src/net-worker/net-worker.ts";
import { CaffeError, FileError, LayerError, NetError } from "../../src/util/errors.ts";

const param = parseNetParameter(
  `name: "small" force_backward: true
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
    convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "prob" type: "Softmax" bottom: "conv" top: "prob" }`,
  "prototxt",
  () => {},
);
const options = { phase: "TEST", seed: 3 } as const;
const net = new Net(param, { ...options, engines: createEngines({ prefer: "reference" }) });
const array = (rows: number, by: number) => ({
  shape: [rows, 3, 6, 6],
  data: Float32Array.from({ length: rows * 108 }, (_, i) => Math.sin(i * by)),
});

describe("a net in a thread", () => {
  let worker: NetWorker;
  const lines: string[] = [];
  beforeAll(async () => {
    const log = (_: string, source: string) => void lines.push(source);
    worker = await NetWorker.open(param, { ...options, engine: "reference", log });
  });
  afterAll(() => worker.close());

  test("says of itself what the net does, and what its net logs", () => {
    const { name, inputs, outputs, layerNames } = net;
    expect(worker).toMatchObject({ name, inputs, outputs, layerNames });
    expect(worker.shapes).toEqual({ data: [2, 3, 6, 6], prob: [2, 4, 4, 4] });
    expect(lines).toContain("net");
  });

  test("passes give what the net's do, to the bit, of arrays as they are at the call", async () => {
    const data = array(2, 0.3);
    const wanted = await net.forward({ data }, { blobs: ["conv"] });
    const pass = worker.forward({ data }, { blobs: ["conv"] });
    data.data.fill(0);
    const got = await pass;
    expect(Object.keys(got)).toEqual(["prob", "conv"]);
    for (const name of ["prob", "conv"]) {
      expect(got[name]?.shape).toEqual(wanted[name]?.shape);
      expect(got[name]?.values()).toEqual(wanted[name]?.values());
    }
    const diffs = { prob: wanted["prob"]!.values().map((_, i) => i % 5) };
    const [gradient, same] = [await worker.backward(diffs), await net.backward(diffs)];
    expect(gradient["data"]?.diffValues()).toEqual(same["data"]?.diffValues());
    const all = { data: array(5, 0.2) };
    const [collected, those] = [await worker.forwardAll(all), await net.forwardAll(all)];
    expect(collected["prob"]?.values()).toEqual(those["prob"]?.values());
  });

  test("several at once run one after the other, each with its own shape", async () => {
    const given = [1, 3, 2].map((rows) => ({ data: array(rows, 0.1 * rows) }));
    const got = await Promise.all(given.map((inputs) => worker.forward(inputs)));
    for (const [i, { prob }] of got.entries()) {
      expect(prob?.values()).toEqual((await net.forward(given[i]!))["prob"]?.values());
    }
    // What the thread has given back is written anew.
    for (const inputs of [...given].reverse()) {
      const [{ prob }, wanted] = [await worker.forward(inputs), await net.forward(inputs)];
      expect(prob?.values()).toEqual(wanted["prob"]?.values());
    }
    await worker.reshape({ data: [1, 3, 5, 4] });
    expect(worker.shapes).toEqual({ data: [1, 3, 5, 4], prob: [1, 4, 3, 2] });
  });

  test("errors come across as what they are, and the thread goes on", async () => {
    const refused = worker.forward({ image: [1] });
    await expect(refused).rejects.toBeInstanceOf(NetError);
    await expect(refused).rejects.toThrow('net "small" has no input "image"');
    const tooSmall = worker.forward({ data: { shape: [1, 3, 2, 2], data: new Float32Array(12) } });
    const error = await tooSmall.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LayerError);
    expect(error).toMatchObject({ name: "LayerError", layerName: "conv" });
    expect((await worker.forward({ data: array(2, 1) }))["prob"]?.shape).toEqual([2, 4, 4, 4]);
  });

  test("what cannot be handed to it is refused here", async () => {
    const given = array(2, 1);
    structuredClone(given.data, { transfer: [given.data.buffer] });
    await expect(worker.forward({ data: given.data })).rejects.toThrow("is given 0 values");
    const blobs = (() => "prob") as unknown as string[];
    await expect(worker.forward({}, { blobs })).rejects.toThrow(
      "a net's thread is given what cannot be copied to it",
    );
    await expect(NetWorker.open((() => param) as never)).rejects.toBeInstanceOf(CaffeError);
    expect((await worker.forward({ data: array(2, 1) }))["prob"]?.count()).toBe(128);
  });

  test("what has no names is refused in words, by the net here too", async () => {
    const both: Pick<NetWorker, "forward" | "backward" | "forwardAll">[] = [worker, net];
    for (const one of both) {
      for (const given of [null, [1, 2]] as never[]) {
        const why = "Expected an object with numbers by";
        await expect(one.forward(given)).rejects.toThrow(why);
        await expect(one.backward(given)).rejects.toThrow(why);
        await expect(one.forwardAll(given)).rejects.toThrow(why);
      }
      for (const wrong of [null, 3] as never[]) {
        await expect(one.forward({}, wrong)).rejects.toThrow("the options of forward are");
        await expect(one.backward({}, wrong)).rejects.toThrow("the options of backward are");
      }
    }
    await expect(worker.reshape(null as never)).rejects.toThrow("null is given as shapes");
  });

  test("only inputs are given shapes, and those that do not suit are taken back", async () => {
    await expect(worker.reshape({ prob: [1, 4, 4, 4] })).rejects.toThrow('has no input "prob"');
    await expect(worker.reshape({ data: "1" as never })).rejects.toThrow("Expected a list of");
    await expect(worker.reshape({ data: [1, 3, 2, 2] })).rejects.toBeInstanceOf(LayerError);
    expect(worker.shapes).toMatchObject({ data: [2, 3, 6, 6] });
    expect((await worker.forward({ data: array(2, 1).data }))["prob"]?.count()).toBe(128);
  });

  test("weights are copied: of a net here, at the time of the call", async () => {
    const other = new Net(param, { ...options, seed: 9, engines: createEngines() });
    const weights = decodeCaffemodel(
      new Uint8Array(Buffer.concat(encodeCaffemodel(other.toParameter()))),
      "other",
    );
    const copied = await worker.copyFrom(weights);
    expect(copied.filled).toEqual([{ layer: "conv", source: "other" }]);
    net.copyFrom(weights);
    other.close();
    const data = array(2, 0.7);
    const [here, there] = [await net.forward({ data }), await worker.forward({ data })];
    expect(there["prob"]?.values()).toEqual(here["prob"]?.values());
  });

  test("others are not held up while it computes", async () => {
    let [turns, isDone] = [0, false];
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    const passes = Array.from({ length: 10 }, () => worker.forward({ data: array(600, 0.1) }));
    setImmediate(turn);
    await Promise.all(passes);
    isDone = true;
    // Each takes the reference engine tens of milliseconds; the busiest system gives this thread a turn meanwhile.
    expect(turns).toBeGreaterThan(passes.length);
  });

  test("passes that are under way when it is closed are refused, and those after", async () => {
    const pass = worker.forward({ data: array(600, 0.1) });
    const refused = expect(pass).rejects.toThrow('net "small" is closed');
    await worker.close();
    await refused;
    await expect(worker.forward({ data: array(1, 1) })).rejects.toBeInstanceOf(NetError);
    await worker.close();
  });
});

test("what cannot be opened says why", async () => {
  const missing = NetWorker.open("missing.prototxt");
  await expect(missing).rejects.toBeInstanceOf(FileError);
  await expect(missing).rejects.toThrow('net file "missing.prototxt" cannot be read');
  const engines = { engines: createEngines() } as object;
  await expect(NetWorker.open(param, engines)).rejects.toThrow(
    new CaffeError('NetWorker has no option "engines". Did you mean "engine"?').message,
  );
});
