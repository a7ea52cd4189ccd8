import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { layerKeys } from "../../../src/net/build/layer-keys.ts";
import type { Net } from "../../../src/net/net.ts";
import { withPlaceholders } from "../../../src/net/tools/placeholders.ts";
import { L } from "../../../src/net-spec/layers.ts";
import { NetSpec } from "../../../src/net-spec/net-spec.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("layerKeys", () => {
  test.each([
    [[], []],
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [
      ["a", "b", "a", "a"],
      ["a", "b", "a#2", "a#3"],
    ],
    [
      ["", ""],
      ["", "#2"],
    ],
    // The layer that bears a name keeps it.
    [
      ["a", "a", "a#2"],
      ["a", "a#3", "a#2"],
    ],
    [
      ["a#2", "a", "a", "a#2"],
      ["a#2", "a", "a#3", "a#2#2"],
    ],
    [
      ["__proto__", "__proto__", "constructor", "toString"],
      ["__proto__", "__proto__#2", "constructor", "toString"],
    ],
  ])("%j", (names, keys) => {
    expect(layerKeys(names)).toEqual(keys);
  });
});

const INPUT = 'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }';
const ip = (name: string, bottom: string, top: string): string =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${top}" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }`;

const weights = (net: Net): number[][] => net.learnableParams.map(({ blob }) => [...blob.values()]);

describe("two layers of one name", () => {
  const weights = (net: Net): number[][] =>
    net.learnableParams.map(({ blob }) => [...blob.values()]);

  test("begin with weights of their own, the first with those that it has alone", () => {
    using twice = netOf(`${INPUT} ${ip("a", "x", "a")} ${ip("a", "a", "b")}`, { seed: 3 });
    using once = netOf(`${INPUT} ${ip("a", "x", "a")}`, { seed: 3 });
    expect(weights(twice)[0]).toEqual(weights(once)[0]);
    expect(weights(twice)[2]).not.toEqual(weights(twice)[0]);
  });

  test("draw noise of their own", async () => {
    const filler = 'data_filler { type: "gaussian" std: 1 }';
    const noise = (top: string): string =>
      `layer { name: "n" type: "DummyData" top: "${top}" dummy_data_param { shape { dim: 4 } ${filler} } }`;
    using net = netOf(`${noise("a")} ${noise("b")}`);
    const { a, b } = await net.forward<"a" | "b">({});
    expect([...(a?.values() ?? [])]).not.toEqual([...(b?.values() ?? [])]);
  });

  test("recurrent ones have keys too", () => {
    const rnn = (top: string): string =>
      `layer { name: "r" type: "RNN" bottom: "s" bottom: "c" top: "${top}" recurrent_param { num_output: 3 weight_filler { type: "uniform" min: -1 max: 1 } } }`;
    using net = netOf(
      `layer { name: "in" type: "Input" top: "s" top: "c" input_param { shape { dim: 2 dim: 1 dim: 3 } shape { dim: 2 dim: 1 } } } ${rnn("a")} ${rnn("b")}`,
    );
    const [first, second] = net.layers
      .filter(({ param }) => param.type === "RNN")
      .map(({ blobs }) => [...(blobs[0]?.values() ?? [])]);
    expect(first).not.toEqual(second);
  });

  test("are found by their keys", () => {
    using net = netOf(`${INPUT} ${ip("a", "x", "a")} ${ip("a", "a", "b")}`);
    expect(net.layerNames).toEqual(["in", "a", "a"]);
    expect(net.layerKeys).toEqual(["in", "a", "a#2"]);
    expect([...net.params.keys()]).toEqual(["a", "a#2"]);
    expect([net.layerIndex("a"), net.layerIndex("a#2")]).toEqual([1, 2]);
    expect(net.topNames("a#2")).toEqual(["b"]);
    expect(net.unfilledLayers).toEqual(["a", "a#2"]);
    using other = netOf(`${INPUT} ${ip("a", "x", "a")} ${ip("a", "a", "b")}`, { seed: 8 });
    expect(
      net
        .copyFrom({
          layers:
            other.toParameter().layer?.map(({ name = "" }, i) => ({
              name,
              blobs: other.layers[i]?.blobs.map((blob) => blob.toValue()) ?? [],
            })) ?? [],
        })
        .filled.map(({ layer }) => layer),
    ).toEqual(["a", "a#2"]);
    expect(weights(net)).toEqual(weights(other));
  });
});

describe("names that every object has are names like others", () => {
  const PROTO = "__proto__";
  const NAMES = [PROTO, "constructor", "toString", "hasOwnProperty", "valueOf"];

  test("of layers, blobs, parameters, inputs and outputs", async () => {
    const input = `layer { name: "__proto__" type: "Input" top: "__proto__" input_param { shape { dim: 2 dim: 3 } } }`;
    const layers = NAMES.slice(1).map((name, i) => ip(name, NAMES[i] ?? "", name));
    const tail = 'layer { name: "copy" type: "ReLU" bottom: "valueOf" top: "prototype" }';
    using net = netOf(`${input} ${layers.join(" ")} ${tail}`, { seed: 5 });
    for (const name of NAMES) {
      expect(net.blob(name).count(), name).toBe(6);
      expect(net.layer(name).param.name).toBe(name);
    }
    expect([...net.params.keys()]).toEqual(NAMES.slice(1));
    const values = { [PROTO]: [1, 2, 3, 4, 5, 6] };
    const out = await net.forward(values, { blobs: NAMES });
    expect(Object.keys(out).sort()).toEqual([...NAMES, "prototype"].sort());
    expect([...(out[PROTO]?.values() ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(out["toLocaleString"]).toBeUndefined();
    const all = await net.forwardAll(
      { [PROTO]: { shape: [4, 3], data: new Float32Array(12).fill(1) } },
      { blobs: ["__proto__"] },
    );
    expect(all[PROTO]?.shape).toEqual([4, 3]);
  });

  test("of weights in both formats", () => {
    const layers = NAMES.slice(1).map((name, i) =>
      ip(name, i === 0 ? "x" : (NAMES[i] ?? ""), name),
    );
    const text = `${INPUT} ${layers.join(" ")} ${ip(PROTO, "x", PROTO)}`;
    using from = netOf(text, { seed: 5 });
    const folder = temporaryFolder();
    from.save(join(folder, "w.caffemodel"), true);
    from.saveHdf5(join(folder, "w.h5"), true);
    for (const file of ["w.caffemodel", "w.h5"]) {
      using to = netOf(text, { seed: 6, weights: join(folder, file) });
      expect(weights(to), file).toEqual(weights(from));
      expect(to.unfilledLayers, file).toEqual([]);
    }
    from.saveHdf5(join(folder, "plain.h5"));
    using plain = netOf(text, { seed: 6, weights: join(folder, "plain.h5") });
    expect(weights(plain)).toEqual(weights(from));
  });

  test("where shapes are given, and in nets written in code", () => {
    const given = `layer { name: "d" type: "Input" top: "constructor" input_param { shape { dim: 7 } } }`;
    expect(withPlaceholders(parsePrototxt("NetParameter", given)).layer?.[0]?.input_param).toEqual({
      shape: [{ dim: [7] }],
    });
    expect(() => L.ReLU({ constructor: 1 } as never)).toThrow('has no field "constructor"');
    expect(() => L.Pooling({ pool: "toString" } as never)).toThrow("pool is toString");
    const spec = new NetSpec();
    const data = spec.set(PROTO, L.Input({ shape: { dim: [1] } }));
    spec.set("constructor", L.ReLU(data as never) as never);
    expect(spec.toProto().layer?.map(({ name, top }) => [name, ...(top ?? [])])).toEqual([
      [PROTO, PROTO],
      ["constructor", "constructor"],
    ]);
  });
});
