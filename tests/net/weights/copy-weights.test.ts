import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Blob } from "../../../src/blob/blob.ts";
import { referenceOf } from "../../../src/engines/choose.ts";
import { Classifier } from "../../../src/inference/classifier.ts";
import { Detector } from "../../../src/inference/detector.ts";
import { writeHdf5 } from "../../../src/io/hdf5/hdf5.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { encodeCaffemodel, readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { copyWeights } from "../../../src/net/weights/copy-weights.ts";
import { readWeights } from "../../../src/net/weights/weights.ts";
import { FormatError, NetError } from "../../../src/util/errors.ts";
import type { Log } from "../../../src/util/log.ts";
import { referenceEngines } from "../../support/engines.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
const at = (name: string): string => join(root, name);

const INPUT =
  'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 1 dim: 1 } } }';
const ip = (name: string, bottom: string, outputs = 3, more = ""): string =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" inner_product_param { num_output: ${outputs} weight_filler { type: "xavier" } } ${more} }`;
const NET = `name: "N" ${INPUT} ${ip("ip1", "x")} ${ip("ip2", "ip1", 2)}`;

/** What a net says of that severity, or above, while it is made and after. */
function heard(...severities: readonly string[]): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log: Log = (severity, _source, message) => {
    if (severities.includes(severity)) lines.push(message);
  };
  return { log, lines };
}

const save = (name: string, text: string): string => {
  using net = netOf(text, { seed: 9 });
  net.save(at(name));
  return at(name);
};
const good = save("good.caffemodel", NET);
const renamed = save("renamed.caffemodel", NET.replaceAll("ip1", "fc_1").replaceAll("ip2", "out"));
const other = save("other.caffemodel", `${INPUT} ${ip("a", "x", 7)} ${ip("b", "a", 8)}`);
const partial = save("partial.caffemodel", `${INPUT} ${ip("ip1", "x")}`);
const rest = save("rest.caffemodel", `${INPUT} ${ip("y", "x")} ${ip("ip2", "y", 2)}`);
const bare = save(
  "bare.caffemodel",
  `${INPUT} layer { name: "r" type: "ReLU" bottom: "x" top: "y" }`,
);
const empty = at("empty.caffemodel");
writeFileSync(empty, "");
const mean = at("mean.binaryproto");
// A BlobProto: shape 1×3×1×1 in the old fields, and its data.
writeFileSync(mean, Buffer.from([8, 1, 16, 3, 24, 1, 32, 1, 42, 12, ...new Uint8Array(12)]));
const hdf5 = at("other.h5");
writeHdf5(hdf5, { data: { elsewhere: { 0: { shape: [2], data: new Float32Array(2) } } } });

const valuesOf = (net: Net): number[][] =>
  net.layers.flatMap(({ blobs }) => blobs.map((b) => [...b.values()]));

describe("weights that give a net nothing are an error", () => {
  const cases = [
    ["an empty file", empty, FormatError, "it holds no layers"],
    ["a mean", mean, FormatError, "it holds no layers"],
    ["a net without weights", bare, FormatError, "none of its 2 layers holds blobs"],
    [
      "weights of other names",
      renamed,
      NetError,
      'none of its 2 layers ("fc_1", "out") is a layer of net "N", which has 2 layers ("ip1", "ip2") with parameters. "ip1" has the shapes of "fc_1" in ',
    ],
    [
      "another net's weights",
      other,
      NetError,
      'none of its 2 layers ("a", "b") is a layer of net "N"',
    ],
    [
      "another net's weights in HDF5",
      hdf5,
      NetError,
      'none of its layer "elsewhere" is a layer of net "N"',
    ],
  ] as const;
  const options = (weights: string): NetOptions & { weights: string } => ({
    weights,
    engines: referenceEngines,
  });
  const param = parsePrototxt("NetParameter", NET);

  test.each(cases)("%s", (_, file, Type, message) => {
    for (const make of [
      () => new Net(param, { ...options(file), phase: "TRAIN" }),
      () => new Net(param, { ...options(file), phase: "TEST" }),
      () => netOf(NET).copyFrom([good, file]),
      () => new Classifier(param, options(file)),
      () => new Detector(param, options(file)),
    ]) {
      expect(make).toThrow(Type);
      expect(make).toThrow(`${file}: ${message}`);
    }
  });

  test("an object too; what came before it has not been copied", () => {
    using net = netOf(NET);
    const before = valuesOf(net);
    expect(() => net.copyFrom([good, { layers: [] }])).toThrow("weights: it holds no layers");
    expect(() => net.copyFrom({ layers: [{ name: "ip1", blobs: [] }] })).toThrow("blobs");
    expect(valuesOf(net)).toEqual(before);
  });

  test("a net without parameters takes any, its own too", () => {
    const text = `${INPUT} layer { name: "r" type: "ReLU" bottom: "x" top: "y" }`;
    const own = save("none.caffemodel", text);
    const { log, lines } = heard("warning", "error");
    using net = netOf(text, { phase: "TEST", log, weights: [own, good] });
    expect(net.unfilledLayers).toEqual([]);
    expect(lines).toEqual([]);
  });
});

describe("layers that no file has filled", () => {
  const message = `No weights file has filled layer "ip2" of net "N": what their fillers gave them stays.`;

  test("are named in a warning in TEST, and as information in TRAIN", () => {
    const testing = heard("warning");
    using tested = netOf(NET, { phase: "TEST", log: testing.log, weights: partial });
    expect(testing.lines).toEqual([message]);
    expect(tested.unfilledLayers).toEqual(["ip2"]);
    const [warned, told] = [heard("warning"), heard("info")];
    netOf(NET, { phase: "TRAIN", log: warned.log, weights: partial }).close();
    netOf(NET, { phase: "TRAIN", log: told.log, weights: partial }).close();
    expect(warned.lines).toEqual([]);
    expect(told.lines).toContain(message);
  });

  test("with what they may be called in the file, where shapes agree", () => {
    const text = NET.replaceAll("ip1", "ip_1");
    const { log, lines } = heard("warning");
    using net = netOf(NET, { phase: "TEST", log });
    net.copyFrom([save("slip.caffemodel", text)]);
    expect(lines).toEqual([
      `No weights file has filled layer "ip1" of net "N": what their fillers gave them stays. "ip1" has the shapes of "ip_1" in ${at("slip.caffemodel")}.`,
    ]);
  });

  test("are judged over all files, given at once or one after the other", () => {
    const { log, lines } = heard("warning");
    netOf(NET, { phase: "TEST", log, weights: [partial, rest] }).close();
    using net = netOf(NET, { phase: "TEST", weights: partial });
    const report = net.copyFrom(rest, log);
    expect(lines).toEqual([]);
    expect(report).toEqual({
      filled: [{ layer: "ip2", source: rest }],
      ignored: [{ layer: "y", source: rest }],
      unfilled: [],
    });
  });

  test("are not those that have blobs in the prototxt, or share a filled layer's", () => {
    const given = ip(
      "own",
      "ip2",
      1,
      "blobs { shape { dim: 1 dim: 2 } data: [1, 2] } blobs { shape { dim: 1 } data: 3 }",
    );
    const shares = 'param { name: "w" } param { name: "b" }';
    const sharing = `name: "N" ${INPUT} ${ip("ip1", "x", 3, shares)} ${ip("again", "ip1", 3, shares)} ${ip("ip2", "again", 2)} ${given}`;
    const { log, lines } = heard("warning");
    using net = netOf(sharing, { phase: "TEST", log, weights: good });
    expect(lines).toEqual([]);
    expect(net.unfilledLayers).toEqual([]);
  });

  test("a net without weights says nothing: it may be there to be timed", () => {
    const { log, lines } = heard("warning");
    using net = netOf(NET, { phase: "TEST", log });
    expect(lines).toEqual([]);
    expect(net.unfilledLayers).toEqual(["ip1", "ip2"]);
  });

  test("of a net that shares a trained one's memory are the trained one's", () => {
    using trained = netOf(NET, { weights: good });
    using net = netOf(NET, { phase: "TEST" });
    net.shareWith(trained);
    expect(net.unfilledLayers).toEqual([]);
  });

  test("statistics count too: BatchNorm of another name is told of", () => {
    const bn = (name: string): string =>
      `${NET} layer { name: "${name}" type: "BatchNorm" bottom: "ip2" top: "y" }`;
    const { log, lines } = heard("warning");
    netOf(bn("bn"), { phase: "TEST", log, weights: save("bn.caffemodel", bn("bn_2")) }).close();
    expect(lines[0]).toContain('No weights file has filled layer "bn" of net "N"');
    expect(lines[0]).toContain('"bn" has the shapes of "bn_2"');
  });

  test("of many the first are listed", () => {
    const many = Array.from({ length: 12 }, (_, i) => ip(`l${i}`, "ip1")).join(" ");
    const { log, lines } = heard("warning");
    netOf(`${NET} ${many}`, { phase: "TEST", log, weights: good }).close();
    expect(lines[0]).toContain(
      '12 layers ("l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7" and 4 more)',
    );
  });
});

test("weights that are no numbers are warned of, with the layers", () => {
  const { log, lines } = heard("warning");
  using net = netOf(NET, { seed: 9 });
  const values = net.params.get("ip2")?.[0]?.data;
  if (values) [values[0], values[1]] = [Number.NaN, Number.NEGATIVE_INFINITY];
  net.save(at("diverged.caffemodel"));
  netOf(NET, { log, weights: at("diverged.caffemodel") }).close();
  expect(lines).toEqual([
    `${at("diverged.caffemodel")}: weights of layer "ip2" are NaN or infinite: the run that wrote them had diverged. Expected a snapshot from before.`,
  ]);
});

test("a file that is cut short where a layer ends fills what it has", () => {
  const path = at("cut.caffemodel");
  using net = netOf(NET, { seed: 9 });
  const [param, first] = encodeCaffemodel(net.toParameter());
  const whole = Buffer.concat(encodeCaffemodel(net.toParameter()));
  const layers = encodeCaffemodel({ layer: net.toParameter().layer?.slice(0, 2) ?? [] });
  writeFileSync(path, whole);
  truncateSync(path, Buffer.concat(layers).length + (param?.length ?? 0));
  expect(first).toBeDefined();
  const { log, lines } = heard("warning");
  using cut = netOf(NET, { phase: "TEST", log, weights: path });
  expect(cut.unfilledLayers).toEqual(["ip2"]);
  expect(lines).toHaveLength(1);
});

describe("gradients in a file", () => {
  test.each(["diff.caffemodel", "diff.h5"])("come with the weights: %s", (name) => {
    using from = netOf(NET, { seed: 9 });
    for (const [i, { blob }] of from.learnableParams.entries()) blob.diff.fill(i + 1);
    if (name.endsWith(".h5")) from.saveHdf5(at(name), true);
    else from.save(at(name), true);
    using to = netOf(NET);
    to.learnableParams[0]?.blob.diff.fill(77);
    to.copyFrom(at(name));
    expect(to.learnableParams.map(({ blob }) => new Set(blob.diffValues()))).toEqual(
      [1, 2, 3, 4].map((value) => new Set([value])),
    );
    // Without them what is there stays.
    to.copyFrom(good);
    expect(to.learnableParams[2]?.blob.diffValues()[0]).toBe(3);
  });

  test("of another count are refused, and so are values", () => {
    using net = netOf(NET);
    const blobs = (weights: object): { layers: { name: string; blobs: never[] }[] } => ({
      layers: [
        { name: "ip1", blobs: [weights, { shape: [3], data: new Float32Array(3) }] as never[] },
      ],
    });
    const data = new Float32Array(9);
    expect(() => net.copyFrom(blobs({ shape: [3, 3], data, diff: new Float32Array(2) }))).toThrow(
      "blob 0 of layer 'ip1' has 2 values in its diff. Expected 9",
    );
    expect(() => net.copyFrom(blobs({ shape: [3, 3], data: new Float32Array(10) }))).toThrow(
      "blob 0 of layer 'ip1' has 10 values in its data. Expected 9",
    );
  });
});

test("nets that share parameters take them once, and the second is told only of its own", () => {
  using train = netOf(NET, { phase: "TRAIN" });
  using check = netOf(`${NET} ${ip("only", "ip2", 2)}`, { phase: "TEST" });
  check.shareWith(train);
  const { log, lines } = heard("warning");
  const read = {
    source: "w",
    layers: [
      {
        name: "only",
        blobs: [
          { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
          { shape: [2], data: Float32Array.of(5, 6) },
        ],
      },
    ],
  };
  const [ofTrain, ofCheck] = copyWeights([train, check], [read], log);
  expect(ofTrain?.unfilled).toEqual(["ip1", "ip2"]);
  expect(ofCheck).toEqual({ filled: [{ layer: "only", source: "w" }], ignored: [], unfilled: [] });
  expect(lines).toEqual([]);
});

describe("arrays of weights", () => {
  test("that a program has read stay the program's", () => {
    const model = readCaffemodel(good);
    const [before = 0] = model.layers.find(({ name }) => name === "ip1")?.blobs[0]?.data ?? [];
    using net = netOf(NET, { weights: model, silent: true });
    const [w] = net.layers.flatMap(({ blobs }) => blobs) as [Blob];
    expect(w.values()[0]).toBe(before);
    w.data[0] = before + 1;
    expect(model.layers.find(({ name }) => name === "ip1")?.blobs[0]?.data[0]).toBe(before);
  });

  test("that were read of a file belong to one of two nets that take them", () => {
    const [a, b] = [netOf(NET), netOf(NET)];
    copyWeights([a, b], readWeights(good), () => undefined);
    expect(valuesOf(b)).toEqual(valuesOf(a));
    const [first] = a.learnableParams;
    const [second] = b.learnableParams;
    const { data = [] } = first?.blob ?? {};
    const before = data[0] ?? 0;
    data[0] = before + 1;
    expect(second?.blob.values()[0]).toBe(before);
    a.close();
    b.close();
  });

  test("are copied to where a program looks already", () => {
    using net = netOf(NET);
    const { data } = net.learnableParams[0]?.blob ?? new Blob();
    net.copyFrom(good);
    using other = netOf(NET, { weights: good, silent: true });
    expect([...data]).toEqual(valuesOf(other)[0]);
  });
});

describe("fillers of a net that is given weights", () => {
  test("fill what the weights leave, with what they fill without them", () => {
    using whole = netOf(NET, { seed: 5, phase: "TEST" });
    using filled = netOf(NET, { seed: 5, phase: "TEST", weights: [partial], silent: true });
    using source = netOf(`${INPUT} ${ip("ip1", "x")}`, { weights: [partial] });
    const [w1, b1, w2, b2] = valuesOf(filled);
    expect([w1, b1]).toEqual(valuesOf(source));
    expect([w2, b2]).toEqual(valuesOf(whole).slice(2));
  });

  test("draw nothing for what is read", () => {
    let draws = 0;
    const engine = referenceOf(referenceEngines);
    const noise = {
      ...engine.noise,
      uniform: (...args: Parameters<typeof engine.noise.uniform>) => {
        draws++;
        engine.noise.uniform(...args);
      },
    };
    const engines = [{ ...engine, noise }] as const;
    netOf(NET, { engines, weights: [good], silent: true }).close();
    expect(draws).toBe(0);
    netOf(NET, { engines, silent: true }).close();
    expect(draws).toBe(2);
  });

  test("have to be known all the same", () => {
    const net = NET.replace('type: "xavier"', 'type: "xavir"');
    expect(() => netOf(net, { weights: [good], silent: true })).toThrow(
      'unknown filler type "xavir". Did you mean "xavier"?',
    );
  });

  test("fill a parameter that layers share once, in the memory of its owner", () => {
    const shared = `${INPUT} ${ip("ip1", "x", 3, 'param { name: "w" } param { name: "b" }')} ${ip("ip3", "ip1", 3, 'param { name: "w" } param { name: "b" }')}`;
    using plain = netOf(shared, { seed: 5 });
    using given = netOf(shared, { seed: 5, weights: [], silent: true });
    expect(valuesOf(given)).toEqual(valuesOf(plain));
  });
});
