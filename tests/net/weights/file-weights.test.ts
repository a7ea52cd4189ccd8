// Who has the arrays of weights: where memory goes back to the system, nobody may find zeros.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import type { Engines } from "../../../src/engines/choose.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { copyWeights } from "../../../src/net/weights/copy-weights.ts";
import { FileWeights } from "../../../src/net/weights/file-weights.ts";
import type { TrainedWeights } from "../../../src/net/weights/trained-weights.ts";
import { silent } from "../../../src/util/log.ts";
import { describeNative, nativeWith, reference } from "../../engines/native/support.ts";
import { describeEngines, referenceEngines } from "../../support/engines.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const file = join(temporaryFolder(), "large.caffemodel");

/** A convolution and an inner product, each with weights of more than a page, and a smaller one. */
const textFor = (images: number): string => `
  layer { name: "in" type: "Input" top: "x" input_param { shape { dim: ${images} dim: 64 dim: 8 dim: 8 } } }
  layer { name: "conv" type: "Convolution" bottom: "x" top: "conv" convolution_param { num_output: 64 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param { num_output: 512 weight_filler { type: "xavier" } } }
  layer { name: "few" type: "InnerProduct" bottom: "ip" top: "few" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }`;
const used = { phase: "TEST", forInference: true, silent: true } as const;
const inputFor = (images: number): Float32Array =>
  new Float32Array(images * 4096).map((_, i) => ((i * 7) % 11) / 11 - 0.4);
const scoresOf = async (net: Net, images = 1): Promise<readonly number[]> =>
  Array.from((await net.forward({ x: inputFor(images) }))["few"]?.values() ?? []);

{
  using first = netOf(textFor(1), { phase: "TEST", seed: 5, silent: true });
  first.save(file);
}
const saved = readCaffemodel(file);
const bytesOf = ({ layers }: TrainedWeights): Buffer =>
  Buffer.concat(
    layers.flatMap(({ blobs }) =>
      blobs.map((blob) => {
        const { buffer, byteOffset, byteLength } = blob?.data ?? new Float32Array();
        return Buffer.from(buffer, byteOffset, byteLength);
      }),
    ),
  );
const wanted = Buffer.from(bytesOf(saved));

/** Passes enough for the engine to have its layouts, and to do the same again. */
async function passes(net: Net, images = 1): Promise<readonly number[]> {
  for (let i = 0; i < 4; i++) await scoresOf(net, images);
  return scoresOf(net, images);
}

describeEngines("weights in memory", (engines) => {
  const options: Partial<NetOptions> = { ...used, engines };

  test("are what they were, however many nets have used them", async () => {
    const model = readCaffemodel(file);
    using a = netOf(textFor(1), { ...options, weights: model });
    using b = netOf(textFor(1), { ...options, weights: model });
    const scores = await passes(a);
    expect(await passes(b)).toEqual(scores);
    a.close();
    expect(bytesOf(model).equals(wanted)).toBe(true);
    using c = netOf(textFor(1), { ...options, weights: model });
    expect(await passes(c)).toEqual(scores);
    b.copyFrom(model);
    expect(await passes(b)).toEqual(scores);
    expect(bytesOf(model).equals(wanted)).toBe(true);
  });

  test("stay a program's, whatever else its object says", async () => {
    const model = { ...readCaffemodel(file), areTheirs: true };
    using net = netOf(textFor(1), { ...options, weights: model });
    await passes(net);
    expect(bytesOf(model).equals(wanted)).toBe(true);
  });

  test("that a program looks at in a net are there for as long as it has them", async () => {
    using net = netOf(textFor(1), { ...options, weights: file });
    const seen = net.layers.flatMap(({ blobs }) => blobs.map(({ data }) => data));
    await passes(net);
    net.close();
    const bytes = seen.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    );
    expect(Buffer.concat(bytes).equals(wanted)).toBe(true);
  });

  test("are written as they were read, while the net is used and when it has been", async () => {
    using net = netOf(textFor(1), { ...options, weights: file });
    const scores = await passes(net);
    const parameter = net.toParameter();
    expect(await passes(net)).toEqual(scores);
    const again = join(file, "..", "again.caffemodel");
    net.save(again);
    expect(bytesOf(readCaffemodel(again)).equals(wanted)).toBe(true);
    net.close();
    const arrays = (parameter.layer ?? []).flatMap(({ blobs = [] }) =>
      blobs.map(({ data }) => Buffer.from(Float32Array.from(data ?? []).buffer)),
    );
    expect(Buffer.concat(arrays).equals(wanted)).toBe(true);
  });

  test("go to several nets of one call, each with its own", async () => {
    using a = netOf(textFor(1), options);
    using b = netOf(textFor(1), options);
    copyWeights([a, b], [FileWeights.read(file)], silent);
    const scores = await passes(a);
    a.close();
    expect(await passes(b)).toEqual(scores);
    b.save(join(file, "..", "b.caffemodel"));
    expect(bytesOf(readCaffemodel(join(file, "..", "b.caffemodel"))).equals(wanted)).toBe(true);
  });
});

describe("weights of a file for nets", () => {
  test("are handed over once, and not read after that", () => {
    const weights = FileWeights.read(file);
    expect(weights.layers.length).toBeGreaterThan(2);
    using a = netOf(textFor(1), { engines: referenceEngines });
    using b = netOf(textFor(1), { engines: referenceEngines });
    copyWeights([a], [weights], silent);
    expect(() => copyWeights([b], [weights], silent)).toThrow("a net keeps already");
    expect(() => weights.layers).toThrow("Expected the file to be read again");
  });
});

describeNative("weights that nets share", () => {
  test.each([
    ["one that reads them as they lie", "rows", "blocked"],
    ["one that has them moved", "blocked", "rows"],
  ])(
    "serve other numbers of images beside %s, and each does its pass again",
    async (_, one, four) => {
      // biome-ignore format: a table
      const choices: Choices = {
      "inner product 1x4096 by 512, weights in any layout": one,
      "inner product 4x4096 by 512, weights in any layout": four,
    };
      const engines: Engines = [
        nativeWith(new Tuner({ read: () => choices, write: () => {} })),
        reference,
      ];
      using a = netOf(textFor(1), { ...used, engines, weights: file });
      using b = netOf(textFor(4), { ...used, engines });
      b.shareWith(a);
      using plain = netOf(textFor(1), { ...used, engines: referenceEngines, weights: saved });
      const scores = await passes(plain);
      const isNear = (values: readonly number[]): void => {
        scores.forEach((score, i) => void expect(values[i]).toBeCloseTo(score, 4));
      };
      for (let turn = 0; turn < 3; turn++) {
        isNear(await passes(a));
        isNear(await passes(b, 4));
      }
      a.close();
      isNear(await passes(b, 4));
    },
  );
});
