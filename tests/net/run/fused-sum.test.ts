// Sums that the convolution before them makes, where data between layers is given up: net/run/fusion.ts, memory-plan.ts and
// the engines' convolutions together.
import { expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { availableEngines, describeEngines } from "../../support/engines.ts";
import { netOf, noise, write } from "../../support/nets.ts";

const input =
  'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 18 dim: 7 dim: 9 } } }';
const convolution = (name: string, bottom: string, param: string): string =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { ${param} weight_filler { type: "xavier" } } }`;
const inPlace = (type: string, blob: string): string =>
  `layer { name: "${blob}_${type}" type: "${type}" bottom: "${blob}" top: "${blob}" ${type === "Scale" ? "scale_param { bias_term: true filler { value: 1.5 } bias_filler { value: -0.2 } }" : ""} }`;
const sum = (a: string, b: string, top: string, more = ""): string =>
  `layer { name: "${top}" type: "Eltwise" bottom: "${a}" bottom: "${b}" top: "${top}" ${more} }`;

/** Blocks as ResNet has them: with a convolution on the short way, with none, and of windows of 3×3. */
const blocks = [
  input,
  convolution("short", "x", "num_output: 20 kernel_size: 1"),
  convolution("long", "x", "num_output: 20 kernel_size: 1"),
  ...["BatchNorm", "Scale"].map((type) => inPlace(type, "long")),
  sum("short", "long", "a"),
  inPlace("ReLU", "a"),
  convolution("second", "a", "num_output: 20 kernel_size: 3 pad: 1"),
  sum("a", "second", "b"),
  inPlace("ReLU", "b"),
  convolution("third", "b", "num_output: 20 kernel_size: 3 pad: 1"),
  sum("third", "b", "c"),
  // What the sum before has added is read once more.
  sum("c", "b", "d", "eltwise_param { operation: PROD }"),
].join("\n");

/** A net that is used for forward passes alone, and the same layer by layer. */
function pair(text: string, options: Partial<NetOptions>): [Net, Net] {
  const given = { ...options, phase: "TEST", seed: 5 } as const;
  const [used, plain] = [
    netOf(text, { ...given, forwardOnly: true, sharesMemory: true }),
    netOf(text, { ...given, fuse: false }),
  ];
  for (const { param, blobs } of plain.layers) {
    if (param.type !== "BatchNorm") continue;
    for (const [i, blob] of blobs.entries())
      write(
        blob,
        noise(blob.count(), i).map((v) => v * v + 0.5),
      );
  }
  used.shareWith(plain);
  return [used, plain];
}

async function outputsOf(net: Net, values: readonly number[]): Promise<number[]> {
  write(net.blob("x"), values);
  await net.forward();
  await net.toHost();
  return net.outputs.flatMap((name) => [...net.blob(name).values()]);
}

describeEngines("a sum behind a convolution", (engines) => {
  test("holds what it holds by itself, pass after pass, of other shapes too", async () => {
    const [used, plain] = pair(blocks, { engines });
    for (const [seed, shape] of [
      [1, undefined],
      [2, undefined],
      [3, [1, 18, 5, 4]],
      [4, undefined],
      [5, [3, 18, 8, 8]],
    ] as const) {
      if (shape) for (const net of [used, plain]) net.blob("x").reshape(shape);
      const values = [...noise(plain.blob("x").count(), seed)];
      expect(await outputsOf(used, values)).toBeAllClose(await outputsOf(plain, values));
    }
  });

  test("is made by the convolution in the first pass of another shape as in the pass before it", async () => {
    const [used] = pair(blocks, { engines });
    const calls = { count: 0 };
    for (const name of ["a", "b", "c"]) {
      const layer = used.layer(name);
      const forward = layer.forward.bind(layer);
      layer.forward = (...given) => {
        calls.count++;
        forward(...given);
      };
    }
    const callsIn = async (shape: readonly number[]): Promise<number> => {
      calls.count = 0;
      used.blob("x").reshape(shape);
      await outputsOf(used, [...noise(used.blob("x").count(), 3)]);
      return calls.count;
    };
    const usual = await callsIn([2, 18, 7, 9]);
    for (const shape of [
      [3, 18, 9, 9],
      [1, 18, 4, 6],
    ]) {
      expect(await callsIn(shape)).toBe(usual);
    }
  });

  test("waits for its other bottom where that is made behind the convolution", async () => {
    const text = [
      input,
      convolution("long", "x", "num_output: 20 kernel_size: 1"),
      convolution("short", "x", "num_output: 20 kernel_size: 1"),
      ...["BatchNorm", "Scale"].map((type) => inPlace(type, "long")),
      sum("short", "long", "a"),
      inPlace("ReLU", "a"),
    ].join("\n");
    const [used, plain] = pair(text, { engines });
    const values = [...noise(plain.blob("x").count(), 7)];
    expect(await outputsOf(used, values)).toBeAllClose(await outputsOf(plain, values));
  });

  test("is made by its own layer where a pass has not both, or each layer is looked at", async () => {
    const [used, plain] = pair(blocks, { engines });
    const values = [...noise(plain.blob("x").count(), 7)];
    const want = await outputsOf(plain, values);
    used.runApart();
    expect(await outputsOf(used, values)).toBeAllClose(want);
  });

  test("leaves what is no number where it was", async () => {
    const [used, plain] = pair(blocks, { engines });
    const values = [...noise(plain.blob("x").count(), 7)];
    values[4] = Number.NaN;
    const [got, want] = [await outputsOf(used, values), await outputsOf(plain, values)];
    expect(want.some(Number.isNaN)).toBe(true);
    // Winograd's tiles spread it further.
    want.forEach((value, i) => {
      if (Number.isNaN(value)) expect(got[i]).toBeNaN();
    });
  });
});

const native = availableEngines.get("native");
/** The layers that do the work of others, and whose. */
const fusedIn = (net: Net): string[] =>
  [...net.fusedLayers].map(([i, { layer }]) => `${net.layerNames[i]} in ${net.layerNames[layer]}`);

test.skipIf(!native)("the native engine makes sums with convolutions", () => {
  const [used] = pair(blocks, { engines: native! });
  expect(fusedIn(used)).toEqual(
    [
      ["long_BatchNorm", "long"],
      ["long_Scale", "long"],
      ["a", "long"],
      ["a_ReLU", "long"],
      ["b", "second"],
      ["b_ReLU", "second"],
      ["c", "third"],
    ].map(([a, b]) => `${a} in ${b}`),
  );
});

test.skipIf(!native).each([
  ["with coefficients", sum("x", "y", "z", "eltwise_param { coeff: 1 coeff: -1 }"), {}],
  ["that is no sum", sum("x", "y", "z", "eltwise_param { operation: MAX }"), {}],
  ["whose bottom is read again", `${sum("x", "y", "z")} ${sum("z", "y", "w")}`, {}],
  ["of a blob with itself", sum("y", "y", "z"), {}],
  ["in a net that keeps its data", sum("x", "y", "z"), { sharesMemory: false }],
])("a sum %s stays by itself", (_what, text, options) => {
  const conv = convolution("y", "x", "num_output: 18 kernel_size: 3 pad: 1");
  const net = netOf(`${input} ${conv} ${text}`, {
    engines: native!,
    phase: "TEST",
    forwardOnly: true,
    sharesMemory: true,
    ...options,
  });
  expect(fusedIn(net)).toEqual([]);
});
