import { expect, test } from "vitest";
import type { Datum } from "../../../src/io/proto/datum.ts";
import { MemoryDataLayer } from "../../../src/layers/data/memory-data.ts";
import type { Net } from "../../../src/net/net.ts";
import { netOf } from "../../support/nets.ts";

const text = (param: string, more = ""): string =>
  `layer { name: "t" type: "MemoryData" top: "y" top: "label" memory_data_param { ${param} } ${more} }`;
const small = "batch_size: 2 channels: 1 height: 1 width: 2";

function opened(param: string, more = ""): { net: Net; layer: MemoryDataLayer } {
  const net = netOf(text(param, more));
  const [layer] = net.layers;
  if (!(layer instanceof MemoryDataLayer)) throw new Error("Expected a MemoryData layer");
  return { net, layer };
}

const record = (data: readonly number[], label: number): Datum => ({
  channels: 1,
  height: 1,
  width: data.length,
  data: Uint8Array.from(data),
  label,
  floatData: undefined,
  encoded: false,
});

/** Values and labels of the next batch. */
async function batch(net: Net): Promise<number[][]> {
  await net.forward();
  return [[...net.blob("y").values()], [...net.blob("label").values()]];
}

test("MemoryData gives the arrays batch by batch, round and round", async () => {
  const { net, layer } = opened(small);
  expect(net.blob("y").shape).toEqual([2, 1, 1, 2]);
  expect(net.blob("label").shape).toEqual([2]);
  layer.reset([0, 1, 2, 3, 4, 5, 6, 7], [9, 8, 7, 6]);
  const first = [
    [0, 1, 2, 3],
    [9, 8],
  ];
  expect(await batch(net)).toEqual(first);
  expect(await batch(net)).toEqual([
    [4, 5, 6, 7],
    [7, 6],
  ]);
  expect(await batch(net)).toEqual(first);
  layer.reset([5, 5, 5, 5], [1, 1]);
  expect(await batch(net)).toEqual([
    [5, 5, 5, 5],
    [1, 1],
  ]);
});

test("MemoryData of several solvers side by side takes its batches, and has one state for all", async () => {
  const nets = [0, 1].map((rank) => netOf(text(small), { shard: { rank, count: 2 } }));
  for (const { layers } of nets) {
    (layers[0] as MemoryDataLayer).reset(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      [1, 2, 3, 4, 5, 6],
    );
  }
  const labels = async (): Promise<unknown> =>
    Promise.all(nets.map(async (net) => (await batch(net))[1]));
  expect(await labels()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(await labels()).toEqual([
    [5, 6],
    [1, 2],
  ]);
  const [one, other] = nets.map(({ layers }) => layers[0]?.state());
  expect(one).toEqual(other);
});

test("MemoryData transforms records, but not arrays", async () => {
  const { net, layer } = opened(small, "transform_param { mean_value: 1 scale: 0.5 }");
  layer.reset([0, 1, 2, 3], [0, 1]);
  expect((await batch(net))[0]).toEqual([0, 1, 2, 3]);
  layer.addDatumVector([record([1, 3], 4), record([5, 7], 6)]);
  expect(await batch(net)).toEqual([
    [0, 1, 2, 3],
    [4, 6],
  ]);
});

test("MemoryData goes on from its state, given its arrays before or after it", async () => {
  const arrays = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    [0, 1, 2, 3, 4, 5],
  ] as const;
  const first = opened(small);
  first.layer.reset(...arrays);
  await batch(first.net);
  const state = JSON.parse(JSON.stringify(first.layer.state()));
  const [before, after] = [opened(small), opened(small)];
  before.layer.reset(...arrays);
  before.layer.restore(state);
  after.layer.restore(state);
  after.layer.reset(...arrays);
  for (let i = 0; i < 3; i++) {
    const want = await batch(first.net);
    expect(await batch(before.net)).toEqual(want);
    expect(await batch(after.net)).toEqual(want);
  }
  after.layer.reset(...arrays);
  expect((await batch(after.net))[1]).toEqual([0, 1]);
});

test("MemoryData says what it lacks", async () => {
  expect(() => netOf(text("batch_size: 2 channels: 1 height: 1"))).toThrow(
    "batch_size, channels, height, and width must be specified and positive",
  );
  const { net, layer } = opened(small);
  await expect(net.forward()).rejects.toThrow("needs to be initialized by calling reset");
  expect(() => layer.reset([1, 2], [0])).toThrow("n must be a multiple of batch size 2");
  expect(() => layer.reset([], [])).toThrow("n must be a multiple of batch size 2");
  expect(() => layer.reset([1, 2], [0, 1])).toThrow("Expected 4 values and 2 labels");
  expect(() => layer.addDatumVector([record([1], 0), record([1], 0)])).toThrow(
    "record 0 becomes 1×1×1. Expected 1×1×2",
  );
});
