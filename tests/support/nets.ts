import { expect } from "vitest";
import type { Blob } from "../../src/blob/blob.ts";
import type { Engines } from "../../src/engines/choose.ts";
import { parsePrototxt } from "../../src/io/prototxt.ts";
import { Net } from "../../src/net/net.ts";
import type { NetOptions } from "../../src/net/options.ts";
import { Random } from "../../src/util/random.ts";
import { referenceEngines } from "./engines.ts";

/** Numbers in [-1, 1) that are the same on every run and machine. */
export function noise(count: number, seed = 1701): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.uniform(-1, 1));
}

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
  blob.data.overwriteCpu().set(values);
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
  return net.outputs().map(({ values }) => Array.from(values));
}

interface GradientOptions {
  readonly inputs?: readonly ArrayLike<number>[];
  /** Inputs that have no gradient (labels), by index. */
  readonly skip?: readonly number[];
  readonly phase?: "TRAIN" | "TEST";
  readonly step?: number;
}

/**
 * Compares backward with central differences of E = Σ weight·top in float64, for every input and parameter of
 * one layer. The weights are noise, so that every top element counts differently.
 */
export async function checkGradient(
  layer: string,
  shapes: readonly (readonly number[])[],
  { inputs = [], skip = [], phase = "TRAIN", step = 1e-5 }: GradientOptions = {},
): Promise<void> {
  const net = layerNet(layer, shapes, { dtype: "f64", phase });
  const names = shapes.map((_, i) => String.fromCharCode(97 + i));
  names.forEach((name, i) => {
    write(net.blob(name), inputs[i] ?? noise(net.blob(name).count(), 7 + i));
  });
  // Statistics that are not learned have no gradient.
  const params = net.learnableParams.filter(({ lrMult }) => lrMult !== 0).map(({ blob }) => blob);
  params.forEach((blob, i) => {
    write(blob, noise(blob.count(), 100 + i));
  });
  const layerIndex = net.layerNames.indexOf("t");
  const tops = net.topBlobs[layerIndex] ?? [];
  await net.forward();
  const weights = tops.map((top, i) => noise(top.count(), 200 + i));
  const energy = async (): Promise<number> => {
    for (const [i, name] of names.entries()) if (saved[i]) write(net.blob(name), saved[i]);
    await net.forward();
    let sum = 0;
    tops.forEach((top, t) => {
      top.values().forEach((value, i) => {
        sum += (weights[t]?.[i] ?? 0) * value;
      });
    });
    return sum;
  };
  const saved = names.map((name) => Array.from(net.blob(name).values()));
  names.forEach((name, i) => {
    saved[i] = Array.from(inputs[i] ?? noise(net.blob(name).count(), 7 + i));
  });
  await energy();
  tops.forEach((top, t) => {
    top.diff.overwriteCpu().set(weights[t] ?? []);
  });
  net.clearParamDiffs();
  net.backward();
  const computed = names.map((name) => Array.from(net.blob(name).diffValues()));
  const paramDiffs = params.map((blob) => Array.from(blob.diffValues()));

  const compare = async (
    what: string,
    got: number,
    set: (delta: number) => void,
  ): Promise<void> => {
    set(step);
    const plus = await energy();
    set(-step);
    const minus = await energy();
    set(0);
    const estimated = (plus - minus) / (2 * step);
    const scale = Math.max(1, Math.abs(got), Math.abs(estimated));
    expect(
      Math.abs(got - estimated) / scale,
      `${what}: backward ${got}, differences ${estimated}`,
    ).toBeLessThan(1e-6);
  };
  for (const [k, values] of saved.entries()) {
    if (skip.includes(k)) continue;
    for (const [i, value] of [...values].entries()) {
      await compare(`${names[k]}[${i}]`, computed[k]?.[i] ?? Number.NaN, (delta) => {
        values[i] = value + delta;
      });
    }
  }
  for (const [k, blob] of params.entries()) {
    for (let i = 0; i < blob.count(); i++) {
      const value = blob.values()[i] ?? 0;
      await compare(`blobs[${k}][${i}]`, paramDiffs[k]?.[i] ?? Number.NaN, (delta) => {
        blob.data.mutableCpu()[i] = value + delta;
      });
    }
  }
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
      net.topBlobs[net.layerNames.indexOf("t")]?.forEach((top, i) => {
        results[`top ${i} pass ${pass}`] = Array.from(top.values());
        top.diff.overwriteCpu().set(noise(top.count(), 50 + i));
      });
      // Not cleared before the second pass: parameter gradients add up.
      net.backward();
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
