import { type Blob, elementsOf } from "../blob/blob.ts";
import type { Values } from "../blob/nested.ts";
import { NetError } from "../util/errors.ts";
import { nearestText } from "../util/nearest.ts";
import { recordOf } from "../util/records.ts";
import { countOf, sameShape, shapeText } from "../util/shape.ts";
import type { Net } from "./net.ts";

/** Numbers by the name of the blob they are for. */
export type ValuesByName = Readonly<Record<string, Values | Blob>>;

/** Which layers a pass runs, and what it gives back besides the outputs. */
export interface PassOptions {
  /** The first layer to run, by name: the net's first, or in a backward pass its last. */
  readonly start?: string;
  /** The last layer to run, by name. With it the tops of that layer (or its bottoms) are the outputs. */
  readonly end?: string;
  /** Names of further blobs to give back. */
  readonly blobs?: readonly string[];
}

/** The value of one output blob after a forward pass. */
export interface NetOutput {
  readonly name: string;
  readonly lossWeight: number;
  readonly values: ArrayLike<number>;
}

/** `Net.outputValues`: see there. */
export async function outputValues(net: Net): Promise<NetOutput[]> {
  await Promise.all(net.outputBlobs.map(({ dataMem }) => dataMem.toHost()));
  return net.outputs.map((name) => ({
    name,
    lossWeight: lossWeightOf(net, name),
    values: net.blob(name).values(),
  }));
}

/** The weight in the objective of the blob of that name; 0 where it is none. */
export function lossWeightOf(net: Net, name: string): number {
  const blob = net.blob(name);
  for (const [i, tops] of net.topBlobs.entries()) {
    const weight = net.lossWeights[i]?.[tops.indexOf(blob)];
    if (weight) return weight;
  }
  return 0;
}

/** `Net.forward` with inputs: see there. */
export async function forwardPass(
  net: Net,
  inputs: ValuesByName,
  options: PassOptions,
): Promise<Record<string, Blob>> {
  writeInputs(net, inputs);
  const to = options.end === undefined ? net.layers.length - 1 : net.layerIndex(options.end);
  await net.forward(options.start === undefined ? 0 : net.layerIndex(options.start), to);
  const outputs = options.end === undefined ? net.outputs : net.topNames(options.end);
  return blobsByName(net, [...outputs, ...(options.blobs ?? [])], "data");
}

/** `Net.backward` with gradients: see there. */
export async function backwardPass(
  net: Net,
  diffs: ValuesByName,
  options: PassOptions,
): Promise<Record<string, Blob>> {
  for (const [name, values] of Object.entries(diffs)) {
    const blob = net.blob(name);
    const { data, shape } = elementsOf(values);
    checkCount(net, name, blob, shape);
    blob.diffMem.overwriteCpu().set(data);
  }
  const last = net.layers.length - 1;
  const to = options.end === undefined ? 0 : net.layerIndex(options.end);
  await net.backward(options.start === undefined ? last : net.layerIndex(options.start), to);
  const inputs = options.end === undefined ? net.inputs : net.bottomNames(options.end);
  return blobsByName(net, [...inputs, ...(options.blobs ?? [])], "diff");
}

/**
 * Writes a net's inputs. An array of another shape than the input's reshapes the net; a flat one has to hold as
 * many elements as the input.
 * @throws NetError where there is no such input, or counts differ
 */
export function writeInputs(net: Net, inputs: ValuesByName): void {
  let isReshaped = false;
  for (const [name, values] of Object.entries(inputs)) {
    if (!net.inputs.includes(name)) {
      throw new NetError(
        `net "${net.name}" has no input "${name}".${nearestText(name, net.inputs)} Expected ${net.inputs.length === 0 ? "none: it reads its data itself" : net.inputs.join(", ")}.`,
      );
    }
    const blob = net.blob(name);
    const { data, shape } = elementsOf(values);
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

function checkCount(net: Net, name: string, blob: Blob, shape: readonly number[]): void {
  if (countOf(shape) === blob.count()) return;
  throw new NetError(
    `net "${net.name}": blob "${name}" of shape ${shapeText(blob.shape)} is given ${countOf(shape)} values. Expected ${blob.count()}, or an array that has a shape of its own.`,
  );
}

/** Blobs by name, with what a pass left in them on the host. */
async function blobsByName(
  net: Net,
  names: readonly string[],
  side: "data" | "diff",
): Promise<Record<string, Blob>> {
  const blobs = recordOf(names.map((name) => [name, net.blob(name)] as const));
  await Promise.all(
    Object.values(blobs).map(({ dataMem, diffMem }) =>
      (side === "data" ? dataMem : diffMem).toHost(),
    ),
  );
  return blobs;
}
