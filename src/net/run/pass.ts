import { Blob, elementsOf } from "../../blob/blob.ts";
import { copyOf, type NdArray, type Values } from "../../blob/nested.ts";
import { NetError } from "../../util/errors.ts";
import { nearestText } from "../../util/nearest.ts";
import { checkOptions, type OptionNames } from "../../util/options.ts";
import { recordOf } from "../../util/records.ts";
import { countOf, sameShape, shapeText } from "../../util/shape.ts";
import { checkComputed, isComputed, refusing } from "../build/computed.ts";
import type { LayerCallback } from "./layer-runner.ts";
import { Loss } from "./loss.ts";
import type { NetPasses } from "./passes.ts";

/** Numbers by the name of the blob they are for. */
export type ValuesByName = Readonly<Record<string, Values | Blob>>;

/** Arrays by the name of the blob they are for. */
export type ArraysByName = Readonly<Record<string, NdArray>>;

/** What whoever has a net's turn runs passes with. */
export interface NetTurn {
  /** Runs layers [from, to], all by default, each reshaped first, and adds their part of the objective to `loss`. */
  forward(loss: Loss, from?: number, to?: number): Promise<void>;
  /**
   * Runs layers `from` back to `to`, all by default.
   * @param onComplete told of each layer as soon as the gradients of its parameters are there
   */
  backward(from?: number, to?: number, onComplete?: LayerCallback): Promise<void>;
  /** Lets others have turns while `work` runs, and goes on when they have ended. */
  aside<T>(work: () => T | Promise<T>): Promise<T>;
}

/** Which layers a pass runs, and what it gives back besides the outputs. */
export interface PassOptions {
  /** The first layer to run, by name: the net's first, or in a backward pass its last. */
  readonly start?: string;
  /** The last layer to run, by name. With it the tops of that layer (or its bottoms) are the outputs. */
  readonly end?: string;
  /** Names of further blobs to give back. */
  readonly blobs?: readonly string[];
}

const passOptions: OptionNames<PassOptions> = { start: true, end: true, blobs: true };

/** The value of one output blob after a forward pass. */
export interface NetOutput {
  readonly name: string;
  readonly lossWeight: number;
  readonly values: ArrayLike<number>;
}

/** `Net.outputValues`: see there. */
export async function outputValues(net: NetPasses): Promise<NetOutput[]> {
  await Promise.all(net.outputBlobs.map(({ dataMem }) => dataMem.toHost()));
  return net.outputs.map((name) => ({
    name,
    lossWeight: lossWeightOf(net, name),
    values: net.blob(name).values().slice(),
  }));
}

/** The weight in the objective of the blob of that name; 0 where it is none. */
export function lossWeightOf(net: NetPasses, name: string): number {
  const blob = net.blob(name);
  for (const [i, tops] of net.topBlobs.entries()) {
    const weight = net.lossWeights[i]?.[tops.indexOf(blob)];
    if (weight) return weight;
  }
  return 0;
}

/** Values as they are at this moment: copied where their pass has to wait, while whoever gave them may go on. */
export function valuesNow(values: ValuesByName, waits: boolean): ArraysByName {
  return Object.fromEntries(
    Object.entries(values).map(([name, given]) => {
      const { shape, data } = elementsOf(given);
      return [name, { shape: [...shape], data: waits ? copyOf(data) : data }];
    }),
  );
}

/** `Net.forward` with inputs: see there. */
export async function forwardPass(
  net: NetPasses,
  turn: NetTurn,
  inputs: ArraysByName,
  options: PassOptions,
): Promise<Record<string, Blob>> {
  checkOptions("forward", options, passOptions);
  writeInputs(net, inputs);
  const from = options.start === undefined ? 0 : net.layerIndex(options.start);
  const to = options.end === undefined ? net.layers.length - 1 : net.layerIndex(options.end);
  await turn.forward(new Loss(), from, to);
  const outputs = options.end === undefined ? net.outputs : net.topNames(options.end);
  return copiesOf(net, [...outputs, ...(options.blobs ?? [])], "data");
}

/** `Net.backward` with gradients: see there. */
export async function backwardPass(
  net: NetPasses,
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
 * Writes gradients of blobs to their `diff`.
 * @throws NetError where there is no such blob, or counts differ
 */
export function writeGradients(net: NetPasses, diffs: ArraysByName): void {
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
export function writeInputs(net: NetPasses, inputs: ArraysByName): void {
  let isReshaped = false;
  for (const [name, { shape, data }] of Object.entries(inputs)) {
    if (!net.inputs.includes(name)) {
      throw new NetError(
        `net "${net.name}" has no input "${name}".${nearestText(name, net.inputs)} Expected ${net.inputs.length === 0 ? "none: it reads its data itself" : net.inputs.join(", ")}.`,
      );
    }
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

function checkCount(net: NetPasses, name: string, blob: Blob, shape: readonly number[]): void {
  if (countOf(shape) === blob.count()) return;
  throw new NetError(
    `net "${net.name}": blob "${name}" of shape ${shapeText(blob.shape)} is given ${countOf(shape)} values. Expected ${blob.count()}, or an array that has a shape of its own.`,
  );
}

/** Copies of blobs by name, with what a pass left in them: the data, and of a backward pass the gradients too. */
async function copiesOf(
  net: NetPasses,
  names: readonly string[],
  side: "data" | "diff",
): Promise<Record<string, Blob>> {
  const blobs = names.map((name) => [name, net.blob(name)] as const);
  await Promise.all(
    blobs.map(([, blob]) => (side === "data" ? blob.dataMem.toHost() : blob.toHost())),
  );
  net.checkOpen();
  return recordOf(
    blobs.map(([name, blob]) => {
      const copy = Blob.from(blob, blob.dtype);
      if (side === "diff") copy.diffMem.overwriteCpu().set(blob.diffValues());
      return [name, copy] as const;
    }),
  );
}
