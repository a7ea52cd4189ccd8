import { expect, test } from "vitest";
import { netOf } from "../../support/nets.ts";

const dummy = (param: string, seed = 1) =>
  netOf(`layer { name: "d" type: "DummyData" top: "a" top: "b" dummy_data_param { ${param} } }`, {
    seed,
  });

test("DummyData fills constants, and random numbers anew in every pass", async () => {
  const net = dummy('shape { dim: 3 } data_filler { value: 2 } data_filler { type: "uniform" }');
  await net.forward();
  expect(Array.from(net.blob("a").values())).toEqual([2, 2, 2]);
  const first = Array.from(net.blob("b").values());
  await net.forward();
  expect(Array.from(net.blob("b").values())).not.toEqual(first);
  const again = dummy('shape { dim: 3 } data_filler { value: 2 } data_filler { type: "uniform" }');
  await again.forward();
  expect(Array.from(again.blob("b").values())).toEqual(first);
});

test("DummyData holds its constants before the first pass", () => {
  expect([...dummy("shape { dim: 2 } data_filler { value: 2 }").blob("b").values()]).toEqual([
    2, 2,
  ]);
});

test("DummyData takes the old way to give shapes", () => {
  expect(dummy("num: 2 channels: 3 height: 4 width: 5").blob("a").shape).toEqual([2, 3, 4, 5]);
  const each = dummy("num: [2, 7] channels: 3 height: [4, 8] width: 5");
  expect([each.blob("a").shape, each.blob("b").shape]).toEqual([
    [2, 3, 4, 5],
    [7, 3, 8, 5],
  ]);
});

test("DummyData refuses numbers of shapes or fillers that fit no top", () => {
  expect(() => dummy("shape {} shape {} shape {}")).toThrow(
    "Must specify 'shape' once, or once per top blob",
  );
  expect(() => dummy("shape {} data_filler {} data_filler {} data_filler {}")).toThrow(
    "Number of data fillers must be 0, 1 or equal",
  );
  expect(() => dummy('shape {} data_filler { type: "xaver" }')).toThrow('Did you mean "xavier"?');
  expect(() => dummy("num: 1 channels: 1 height: 1")).toThrow("Must specify 'width' once");
  expect(() => dummy("shape {} num: 1")).toThrow("Both shape and legacy fields were specified");
});
