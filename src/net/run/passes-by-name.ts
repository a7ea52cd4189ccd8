import { Blob, elementsOf } from "../../blob/blob.ts";
import { copyOf, type Values } from "../../blob/nested.ts";
import { allocate, type DType, type FloatArray } from "../../util/arrays.ts";
import { NetError } from "../../util/errors.ts";
import type { NdArray } from "../../util/nd-array.ts";
import { nearestText } from "../../util/nearest.ts";
import { checkOptions, type OptionNames, text, texts } from "../../util/options.ts";
import { recordOf } from "../../util/records.ts";
import { countOf, sameShape, shapeText } from "../../util/shape.ts";
import type { NetGraph } from "../build/graph.ts";
import { checkComputed, isComputed, refusing } from "./computed-gradients.ts";
import { toHost } from "./host-reads.ts";
import type { LayerRunner } from "./layer-runner.ts";
import { Loss } from "./loss.ts";
import type { NetTurn } from "./net-turn.ts";

// Passes that are given arrays by the names of their blobs, and give blobs by name: the methods of RunnableNet that take
// such arrays take their turn and come here.

/** The net of a pass: its blobs, and what a pass does with them besides running layers. */
interface PassedNet extends NetGraph {
  readonly dtype: DType;
  keep(...names: readonly string[]): void;
  reshape(): void;
  checkOpen(): void;
}

/** Numbers by the name of the blob they are for. */
export type ValuesByName = Readonly<Record<string, Values | Blob>>;

/** Arrays by the name of the blob they are for. */
export type ArraysByName = Readonly<Record<string, NdArray>>;

/** Which layers a pass runs, and what it gives back besides the outputs. */
export interface PassOptions {
  /** The first layer to run, by name: the net's first, or in a backward pass its last. */
  readonly start?: string;
  /** The last layer to run, by name. With it the tops of that layer (or its bottoms) are the outputs. */
  readonly end?: string;
  /** Names of further blobs to give back. */
  readonly blobs?: readonly string[];
}

const passOptions: OptionNames<PassOptions> = { start: text, end: text, blobs: texts };

/** Which blobs of a run over many batches are collected, besides the net's outputs and inputs. */
export interface AllOptions {
  readonly blobs?: readonly string[];
  readonly diffs?: readonly string[];
}

const allOptions: OptionNames<AllOptions> = { blobs: texts, diffs: texts };

/** What `Net.forwardBackwardAll` gives: blobs of all samples, their data and their diffs. */
export interface AllPasses {
  readonly blobs: Record<string, Blob>;
  readonly diffs: Record<string, Blob>;
}

/**
 * Values as they are at the call: copied where their pass runs later, when the caller may have changed them.
 * @throws CaffeError where they are no numbers, or have no names
 */
export function arraysNow(values: ValuesByName, isCopied: boolean): ArraysByName {
  checkByName("arrays", "numbers", values);
  const arrays: Record<string, NdArray> = Object.create(null);
  for (const name of Object.keys(values)) {
    const { shape, data } = elementsOf(values[name] as Values | Blob);
    arrays[name] = isCopied ? { shape: [...shape], data: copyOf(data) } : { shape, data };
  }
  return arrays;
}

/** `Net.forward` with inputs: see there. */
export async function forwardPass(
  net: PassedNet,
  turn: NetTurn,
  inputs: ArraysByName,
  options: PassOptions,
): Promise<Record<string, Blob>> {
  checkOptions("forward", options, passOptions);
  if (options.blobs) net.keep(...options.blobs);
  writeInputs(net, inputs);
  const from = options.start === undefined ? 0 : net.layerIndex(options.start);
  const to = options.end === undefined ? net.layers.length - 1 : net.layerIndex(options.end);
  await turn.forward(new Loss(), from, to);
  const outputs = options.end === undefined ? net.outputs : net.topNames(options.end);
  return copiesOf(net, [...outputs, ...(options.blobs ?? [])], "data");
}

/**
 * `Net.forward` with inputs, all at once: for a small net, what waits for nothing costs as much as its layers.
 * @returns undefined where the pass has to be run by `forwardPass`
 */
export function forwardPassAgain(
  net: PassedNet,
  runner: Pick<LayerRunner, "mayDoAgain" | "forwardAgain">,
  inputs: ArraysByName,
  options: PassOptions,
): Record<string, Blob> | undefined {
  if (options === null || typeof options !== "object") return undefined;
  if (Object.keys(options).length > 0 || !runner.mayDoAgain) return undefined;
  writeInputs(net, inputs);
  return runner.forwardAgain() ? copiesNow(blobsOf(net, net.outputs), "data") : undefined;
}

/** `Net.backward` with gradients: see there. */
export async function backwardPass(
  net: PassedNet,
  turn: NetTurn,
  diffs: ArraysByName,
  options: PassOptions,
): Promise<Record<string, Blob>> {
  checkOptions("backward", options, passOptions);
  checkComputed(net, options.blobs ?? []);
  writeGradients(net, diffs);
  const last = net.layers.length - 1;
  const from = options.start === undefined ? last : net.layerIndex(options.start);
  const to = options.end === undefined ? 0 : net.layerIndex(options.end);
  await turn.backward(from, to);
  const inputs = options.end === undefined ? net.inputs : net.bottomNames(options.end);
  const computed = inputs.filter((name) => isComputed(net, name));
  const result = await copiesOf(net, [...computed, ...(options.blobs ?? [])], "diff");
  return refusing(net, inputs, result);
}

/**
 * Runs all samples, a batch of the net's size at a time; the last batch is filled up with zeros whose results are
 * dropped. A blob without a batch axis (a loss) comes once for each batch.
 *
 * @param topDiffs gradients of outputs, of all samples; with them each batch also runs backward
 * @throws NetError where the numbers of samples differ, or there is no such input or blob
 */
export async function runAll(
  net: PassedNet,
  turn: NetTurn,
  inputs: ArraysByName,
  topDiffs: ArraysByName | undefined,
  options: AllOptions,
): Promise<AllPasses> {
  checkOptions("forwardAll and forwardBackwardAll", options, allOptions);
  const { blobs = [], diffs = [] } = options;
  const count = sampleCount(net, [...Object.entries(inputs), ...Object.entries(topDiffs ?? {})]);
  const batch = Math.max(1, net.blob(net.inputs[0] ?? "").shape[0] ?? 1);
  const data = new Collector(net, [...net.outputs, ...blobs], "data");
  if (topDiffs) checkComputed(net, diffs);
  const computed = net.inputs.filter((name) => isComputed(net, name));
  const diff = new Collector(net, topDiffs ? [...computed, ...diffs] : [], "diff");
  if (blobs.length > 0) net.keep(...blobs);
  const loss = new Loss();
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    writeInputs(net, slices(net, inputs, from, size, batch));
    await turn.forward(loss);
    await data.take(batch, size);
    if (!topDiffs) continue;
    writeGradients(net, slices(net, topDiffs, from, size, batch));
    await turn.backward();
    await diff.take(batch, size);
  }
  return { blobs: data.blobs(), diffs: refusing(net, net.inputs, diff.blobs()) };
}

/**
 * Writes gradients of blobs to their `diff`.
 * @throws NetError where there is no such blob, or counts differ
 */
function writeGradients(net: PassedNet, diffs: ArraysByName): void {
  for (const [name, { shape, data }] of Object.entries(diffs)) {
    const blob = net.blob(name);
    checkCount(net, name, blob, shape);
    blob.diffMem.overwriteCpu().set(data);
  }
}

/**
 * Writes a net's inputs. An array of another shape than the input's reshapes the net; a flat one has to hold as
 * many elements as the input.
 * @throws NetError where there is no such input, or counts differ
 */
function writeInputs(net: PassedNet, inputs: ArraysByName): void {
  let isReshaped = false;
  for (const [name, { shape, data }] of Object.entries(inputs)) {
    checkInput(net, name);
    const blob = net.blob(name);
    const isFlat = shape.length < 2 && blob.shape.length !== shape.length;
    if (isFlat) checkCount(net, name, blob, shape);
    else if (!sameShape(shape, blob.shape)) {
      blob.reshape(shape);
      isReshaped = true;
    }
    blob.dataMem.overwriteCpu().set(data);
  }
  if (isReshaped) net.reshape();
}

/** @throws NetError where something is not an object that has `kind` by the names of blobs */
export function checkByName(what: string, kind: string, values: unknown): void {
  if (typeof values === "object" && values !== null && !Array.isArray(values)) return;
  throw new NetError(
    `${Array.isArray(values) ? "an array is" : `${String(values)} is`} given as ${what}. Expected an object with ${kind} by the names of blobs.`,
  );
}

/** @throws NetError where a net has no such input */
export function checkInput(net: Pick<NetGraph, "name" | "inputs">, name: string): void {
  if (net.inputs.includes(name)) return;
  throw new NetError(
    `net "${net.name}" has no input "${name}".${nearestText(name, net.inputs)} Expected ${net.inputs.length === 0 ? "none: it reads its data itself" : net.inputs.join(", ")}.`,
  );
}

function checkCount(net: PassedNet, name: string, blob: Blob, shape: readonly number[]): void {
  if (countOf(shape) === blob.count()) return;
  throw new NetError(
    `net "${net.name}": blob "${name}" of shape ${shapeText(blob.shape)} is given ${countOf(shape)} values. Expected ${blob.count()}, or an array that has a shape of its own.`,
  );
}

/** Copies of blobs by name, with what a pass left in them: the data, and of a backward pass the gradients too. */
async function copiesOf(
  net: PassedNet,
  names: readonly string[],
  side: "data" | "diff",
): Promise<Record<string, Blob>> {
  const blobs = blobsOf(net, names);
  await Promise.all(
    blobs.map(([, blob]) => (side === "data" ? blob.dataMem.toHost() : blob.toHost())),
  );
  net.checkOpen();
  return copiesNow(blobs, side);
}

type NamedBlob = readonly [name: string, blob: Blob];

function blobsOf(net: PassedNet, names: readonly string[]): NamedBlob[] {
  return names.map((name) => [name, net.blob(name)]);
}

/** Copies of blobs that no device holds alone. */
function copiesNow(blobs: readonly NamedBlob[], side: "data" | "diff"): Record<string, Blob> {
  return recordOf(
    blobs.map(([name, blob]) => {
      const copy = Blob.from(blob, blob.dtype);
      if (side === "diff") copy.diffMem.overwriteCpu().set(blob.diffValues());
      return [name, copy] as const;
    }),
  );
}

function sampleCount(net: PassedNet, arrays: readonly (readonly [string, NdArray])[]): number {
  const counts = new Set(arrays.map(([, { shape }]) => shape[0] ?? 1));
  const [count] = counts;
  if (counts.size !== 1 || count === undefined) {
    throw new NetError(
      `net "${net.name}": ${arrays.map(([name, { shape }]) => `${shape[0] ?? 1} samples for "${name}"`).join(", ") || "no samples"}. Expected one number of samples for all.`,
    );
  }
  return count;
}

/** Samples [from, from + size) of each array, and zeros behind them up to a whole batch. */
function slices(
  net: PassedNet,
  arrays: ArraysByName,
  from: number,
  size: number,
  batch: number,
): ArraysByName {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => {
      const length = countOf(shape, 1);
      const slice = allocate(net.dtype, batch * length);
      const [begin, end] = [from * length, (from + size) * length];
      slice.set(
        Array.isArray(data) ? data.slice(begin, end) : (data as FloatArray).subarray(begin, end),
      );
      return [name, { shape: [batch, ...shape.slice(1)], data: slice }];
    }),
  );
}

/** Keeps what blobs hold after each batch, and joins it along the first axis. */
class Collector {
  readonly #net: PassedNet;
  readonly #which: "data" | "diff";
  readonly #kept: Map<string, { shape: readonly number[]; parts: ArrayLike<number>[] }>;

  constructor(net: PassedNet, names: readonly string[], which: "data" | "diff") {
    this.#net = net;
    this.#which = which;
    this.#kept = new Map(names.map((name) => [name, { shape: [], parts: [] }]));
  }

  async take(batch: number, size: number): Promise<void> {
    const blobs = [...this.#kept.keys()].map((name) => this.#net.blob(name));
    await toHost(blobs.map(({ dataMem, diffMem }) => (this.#which === "data" ? dataMem : diffMem)));
    this.#net.checkOpen();
    for (const [name, kept] of this.#kept) {
      const blob = this.#net.blob(name);
      const values = this.#which === "data" ? blob.values() : blob.diffValues();
      const isPerSample = blob.shape[0] === batch;
      kept.shape = isPerSample ? blob.shape.slice(1) : blob.shape;
      kept.parts.push(values.slice(0, isPerSample ? size * blob.count(1) : blob.count()));
    }
  }

  blobs(): Record<string, Blob> {
    return recordOf(
      [...this.#kept].map(([name, { shape, parts }]) => {
        const length = parts.reduce((sum, part) => sum + part.length, 0);
        const count = length / Math.max(1, countOf(shape));
        const joined = new Blob([count, ...shape], this.#net.dtype);
        const to = joined.dataMem.overwriteCpu();
        let at = 0;
        for (const part of parts) {
          to.set(part, at);
          at += part.length;
        }
        return [name, joined] as const;
      }),
    );
  }
}
