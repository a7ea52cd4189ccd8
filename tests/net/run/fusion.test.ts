import { expect, test } from "vitest";
import type { Blob } from "../../../src/blob/blob.ts";
import type { Engines } from "../../../src/engines/choose.ts";
import { Layer, type One } from "../../../src/layers/base/layer.ts";
import type { LayerFusion } from "../../../src/layers/base/layer-fusion.ts";
import { LayerRegistry } from "../../../src/layers/registry.ts";
import type { JoinedLayer } from "../../../src/net/build/blob-users.ts";
import type { Net } from "../../../src/net/net.ts";
import { findFusions } from "../../../src/net/run/fusion.ts";
import { availableEngines } from "../../support/engines.ts";
import { netOf, noise, write } from "../../support/nets.ts";

const input =
  'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } } }';
const conv =
  'layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }';
const relu = (bottom: string, top: string): string =>
  `layer { name: "r_${top}" type: "ReLU" bottom: "${bottom}" top: "${top}" }`;

/** A net's layers as the search takes them, each as `change` makes it. */
const layersOf = (net: Net, change = (layer: Layer): Layer => layer): JoinedLayer[] =>
  net.layers.map((layer, i) => ({
    layer: change(layer),
    bottomBlobs: net.bottomBlobs[i] ?? [],
    topBlobs: net.topBlobs[i] ?? [],
    needsBackward: net.layerNeedsBackward[i] ?? false,
  }));

/** Pairs of layers that would be fused if every layer accepted everything. */
function found(text: string): string[] {
  const net = netOf(text);
  const willing = (layer: Layer): Layer =>
    Object.create(layer, { fusion: { value: { ...layer.fusion, accepts: () => "forward" } } });
  return findFusions(layersOf(net, willing), false).map(({ producer, followers }) =>
    [producer, ...followers].map((i) => net.layerNames[i]).join(" + "),
  );
}

test("an in-place elementwise layer right behind is found", () => {
  expect(found(`${input} ${conv} ${relu("y", "y")}`)).toContain("c + r_y");
});

test("a layer with a top of its own is not, nor one behind another reader", () => {
  expect(found(`${input} ${conv} ${relu("y", "z")}`)).not.toContain("c + r_z");
  const between = `${input} ${conv} layer { name: "s" type: "Silence" bottom: "y" } ${relu("y", "z")}`;
  expect(found(between).some((pair) => pair.startsWith("c +"))).toBe(false);
});

test.each([...availableEngines])(
  "blobs and gradients are the same as when layers run one by one, on %s",
  async (_name, engines) => {
    const text = `force_backward: true ${input} ${conv} ${relu("y", "y")}
      layer { name: "ip" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } } layer { name: "t" type: "TanH" bottom: "z" top: "z" }`;
    const run = async (apart: boolean): Promise<number[][]> => {
      const net = netOf(text, { engines, seed: 3 });
      write(net.blob("x"), noise(216));
      if (apart) for (const i of net.layers.keys()) await net.forward(i, i);
      else await net.forward();
      await net.toHost();
      net.blob("z").diffMem.overwriteCpu().set(noise(10, 5));
      net.clearParamDiffs();
      await net.backward();
      await net.toHost();
      return [
        ...["y", "z"].map((name) => [...net.blob(name).values()]),
        [...net.blob("x").diffValues()],
        ...net.learnableParams.map(({ blob }) => [...blob.diffValues()]),
      ];
    };
    const [fused, apart] = [await run(false), await run(true)];
    for (const [i, values] of apart.entries()) expect(fused[i]).toBeAllClose(values);
  },
);

const behindInnerProduct = `force_backward: true ${input}
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 40 weight_filler { type: "xavier" } bias_filler { value: 0.1 } } }
  layer { name: "relu" type: "ReLU" bottom: "y" top: "y" relu_param { negative_slope: 0.2 } }
  layer { name: "drop" type: "Dropout" bottom: "y" top: "y" dropout_param { dropout_ratio: 0.4 } }
  layer { name: "z" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }`;

test.each([...availableEngines])(
  "dropout behind an inner product draws the masks it would draw alone, on %s",
  async (_name, engines) => {
    const run = async (fuse: boolean) => {
      const net = netOf(behindInnerProduct, { engines, seed: 3, phase: "TRAIN", fuse });
      write(net.blob("x"), noise(216));
      const seen: unknown[] = [];
      for (let pass = 0; pass < 3; pass++) {
        await net.forward();
        net.clearParamDiffs();
        net.blob("z").diffMem.overwriteCpu().set(noise(6, pass));
        await net.backward();
        await net.toHost();
        seen.push([...net.blob("y").values()], [...net.blob("x").diffValues()]);
        seen.push(net.layer("drop").state());
      }
      return seen;
    };
    expect(await run(true)).toEqual(await run(false));
  },
);

test.skipIf(!availableEngines.has("native"))(
  "the native engine runs ReLU and Dropout with the inner product",
  () => {
    const engines = availableEngines.get("native") as Engines;
    const net = netOf(behindInnerProduct, { engines, phase: "TRAIN" });
    const ip = net.layerIndex("ip");
    expect(findFusions(layersOf(net), false)).toEqual([
      { producer: ip, followers: [ip + 1, ip + 2], isBackward: false },
    ]);
  },
);

test("a user's layer takes over what it accepts, and runs by itself where a pass does not have its followers", async () => {
  const ran: string[] = [];
  const negate = (x: Blob, y: Blob, f: (value: number) => number): void => {
    y.dataMem.overwriteCpu().set(x.values().map((value) => f(-value)));
  };
  class Negative extends Layer<One, One> {
    static override readonly type: string = "Negative";
    override readonly fusion: LayerFusion = {
      accepts: (posts) => (posts.every(({ kind }) => kind === "unary") ? "forward" : "nothing"),
      forward: ([x], [y], posts) => {
        ran.push(`with ${posts.length}`);
        negate(x as Blob, y as Blob, (value) => Math.max(value, 0));
      },
    };
    override reshape([x]: One, [y]: One): void {
      y.reshapeLike(x);
    }
    override forward([x]: One, [y]: One): void {
      ran.push("alone");
      negate(x, y, (value) => value);
    }
    override backward([y]: One, _down: readonly boolean[], [x]: One): void {
      x.diffMem.overwriteCpu().set(y.diffValues().map((value) => -value));
    }
  }
  const text = `force_backward: true
    layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 3 } } }
    layer { name: "n" type: "Negative" bottom: "x" top: "y" } ${relu("y", "y")}`;
  const run = async (fuse: boolean, ...passes: [number, number][]): Promise<number[][]> => {
    const net = netOf(text, { registry: new LayerRegistry().with(Negative), fuse });
    write(net.blob("x"), [1, 0, -2]);
    ran.length = 0;
    for (const [from, to] of passes) await net.forward(from, to);
    net.blob("y").diffMem.overwriteCpu().set([3, 4, 5]);
    await net.backward();
    return [[...net.blob("y").values()], [...net.blob("x").diffValues()]];
  };
  const want = [
    [0, 0, 2],
    [-0, -0, -5],
  ];
  expect(await run(true, [0, 2])).toEqual(want);
  expect(ran).toEqual(["with 1"]);
  expect(await run(true, [0, 1], [2, 2])).toEqual(want);
  expect(ran).toEqual(["alone"]);
  expect(await run(false, [0, 2])).toEqual(want);
  expect(ran).toEqual(["alone"]);
});
