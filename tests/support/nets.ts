import { expect } from "vitest";
import type { Blob } from "../../src/blob/blob.ts";
import type { Engines } from "../../src/engines/choose.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { Net } from "../../src/net/net.ts";
import type { NetOptions } from "../../src/net/options.ts";
import { checkLayerGradient } from "../../src/net/tools/gradient-check.ts";
import type { Log } from "../../src/util/log.ts";
import { referenceEngines } from "./engines.ts";
import { noise } from "./noise.ts";

export { noise };

/** A net from prototxt text. */
export function netOf(
  text: string,
  options: Partial<NetOptions> & { engines?: Engines } = {},
): Net {
  return new Net(parsePrototxt("NetParameter", text), {
    engines: referenceEngines,
    phase: "TRAIN",
    ...options,
  });
}

/** A log that keeps its lines, `source] message`. */
export function keptLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: (_severity, source, message) => lines.push(`${source}] ${message}`), lines };
}

/** Inputs a, b, … of those shapes and one layer: `layer` is its text without the outer braces. */
export function layerNet(
  layer: string,
  shapes: readonly (readonly number[])[],
  options: Partial<NetOptions> = {},
): Net {
  const names = shapes.map((_, i) => String.fromCharCode(97 + i));
  const inputs = names.map(
    (name, i) =>
      `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${(shapes[i] ?? []).map((dim) => `dim: ${dim}`).join(" ")} } } }`,
  );
  return netOf(`force_backward: true ${inputs.join("\n")} layer { name: "t" ${layer} }`, options);
}

/** Writes values to a blob. */
export function write(blob: Blob, values: ArrayLike<number>): void {
  blob.dataMem.overwriteCpu().set(values);
}

/** Writes the inputs a, b, …, runs forward, and gives the values of the net's outputs. */
export async function forward(
  net: Net,
  ...inputs: readonly ArrayLike<number>[]
): Promise<number[][]> {
  inputs.forEach((values, i) => {
    write(net.blob(String.fromCharCode(97 + i)), values);
  });
  await net.forward();
  await net.toHost();
  return (await net.outputValues()).map(({ values }) => Array.from(values));
}

interface GradientOptions {
  readonly inputs?: readonly (ArrayLike<number> | undefined)[];
  readonly phase?: "TRAIN" | "TEST";
  readonly root?: string;
}

/**
 * Compares backward with central differences in float64, for every element of every input that has a gradient and
 * of every parameter of one layer. Inputs and parameters are noise unless given.
 */
export async function checkGradient(
  layer: string,
  shapes: readonly (readonly number[])[],
  { inputs = [], ...options }: GradientOptions = {},
): Promise<void> {
  const net = layerNet(layer, shapes, { dtype: "f64", ...options });
  shapes.forEach((_, i) => {
    const blob = net.blob(String.fromCharCode(97 + i));
    write(blob, inputs[i] ?? noise(blob.count(), 7 + i));
  });
  // Statistics stay as they are: a variance is no noise.
  const learned = net.learnableParams.filter(({ lrMult }) => lrMult !== 0);
  learned.forEach(({ blob }, i) => {
    write(blob, noise(blob.count(), 100 + i));
  });
  const index = net.layerNames.indexOf("t");
  await net.forward(0, index - 1);
  const { checked, kinks, failures } = await checkLayerGradient(net, index);
  expect(failures).toEqual([]);
  expect(checked, "elements compared").toBeGreaterThan(0);
  expect(kinks, "kinks").toBe(0);
}

/**
 * Runs forward and backward of one layer with the same numbers on an engine and on the reference, and compares
 * tops, input gradients and parameter gradients.
 */
export async function checkParity(
  engines: Engines,
  layer: string,
  shapes: readonly (readonly number[])[],
  inputs: readonly ArrayLike<number>[] = [],
): Promise<void> {
  const run = async (which: Engines): Promise<Record<string, number[]>> => {
    const net = layerNet(layer, shapes, { engines: which });
    const results: Record<string, number[]> = {};
    for (let pass = 0; pass < 2; pass++) {
      shapes.forEach((_, i) => {
        const blob = net.blob(String.fromCharCode(97 + i));
        write(blob, inputs[i] ?? noise(blob.count(), 7 + i + 10 * pass));
      });
      await net.forward();
      await net.toHost();
      net.topBlobs[net.layerNames.indexOf("t")]?.forEach((top, i) => {
        results[`top ${i} pass ${pass}`] = Array.from(top.values());
        top.diffMem.overwriteCpu().set(noise(top.count(), 50 + i));
      });
      // Not cleared before the second pass: parameter gradients add up.
      await net.backward();
      await net.toHost();
      shapes.forEach((_, i) => {
        const blob = net.blob(String.fromCharCode(97 + i));
        results[`d${i} pass ${pass}`] = Array.from(blob.diffValues());
      });
    }
    net.learnableParams.forEach(({ blob }, i) => {
      results[`dblob ${i}`] = Array.from(blob.diffValues());
    });
    return results;
  };
  const [got, want] = [await run(engines), await run(referenceEngines)];
  for (const [key, values] of Object.entries(want)) {
    const size = Math.max(1, ...values.map(Math.abs));
    expect(got[key], key).toBeAllClose(values, { rtol: 2e-5, atol: 1e-5 * size });
  }
}
