import type { Blob } from "../blob/blob.ts";
import type { Held } from "../bridge/held.ts";
import type { Session } from "../bridge/session.ts";
import { PythonLayer } from "../layers/utility/python.ts";
import type { Net } from "../net/net.ts";

/** What another language is told of a layer. */
interface LayerFacts {
  readonly name: string;
  readonly type: string;
  /** The numbers of its blobs. */
  readonly blobs: readonly number[];
  /** Which of the net's blobs are its bottoms and its tops. */
  readonly bottoms: readonly number[];
  readonly tops: readonly number[];
  /** The other side's number of it, where its class runs there. */
  readonly remote?: number;
}

/** What another language is told of a net. */
export interface NetFacts {
  readonly net: number;
  readonly name: string;
  readonly layers: readonly LayerFacts[];
  /** Names, numbers and loss weights of all blobs, in the net's order. */
  readonly blobs: readonly (readonly [string, number, number])[];
  /** Which of the blobs are inputs and outputs. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** The net that each blob which another language was told of is in. */
const nets: WeakMap<Blob, Net> = new WeakMap();

/** Nets whose parameters a solver has updated since their last backward pass. */
const updated: WeakSet<Net> = new WeakSet();

/** Whether a solver has updated the net's parameters since its last backward pass. */
export function noteUpdate(net: Net, isUpdated: boolean): void {
  if (isUpdated) updated.add(net);
  else updated.delete(net);
}

/** Lets the blob's gradient be what Caffe's layers leave there, also between those that run as one. */
export function showGradient(blob: Blob): void {
  const net = nets.get(blob);
  if (net?.isOpen) net.showGradient(blob, updated.has(net));
}

/** Tells another language of a net: it knows net and blobs by numbers from now on, until `held` is given up. */
export function factsOf(session: Session, net: Net, held: Held): NetFacts {
  const take = (object: object): number => {
    const number = session.references.take(object);
    held.numbers.push(number);
    return number;
  };
  const names = net.blobNames;
  for (const name of names) nets.set(net.blob(name), net);
  const index = new Map(names.map((name, i) => [name, i]));
  const indicesOf = (of: readonly string[]): number[] => of.map((name) => index.get(name) ?? -1);
  const weights = new Map<string, number>();
  const keys = net.layerKeys;
  keys.forEach((key, i) => {
    net.topNames(key).forEach((top, t) => {
      const weight = net.lossWeights[i]?.[t] ?? 0;
      if (weight !== 0) weights.set(top, weight);
    });
  });
  const layers = net.layers.map((layer, i): LayerFacts => {
    const key = keys[i] ?? "";
    const remote = layer instanceof PythonLayer ? layer.remote?.id : undefined;
    return {
      name: net.layerNames[i] ?? "",
      type: layer.param.type ?? "",
      blobs: layer.blobs.map(take),
      bottoms: indicesOf(net.bottomNames(key)),
      tops: indicesOf(net.topNames(key)),
      ...(remote !== undefined && { remote }),
    };
  });
  return {
    net: take(net),
    name: net.name,
    layers,
    blobs: names.map((name) => [name, take(net.blob(name)), weights.get(name) ?? 0] as const),
    inputs: indicesOf(net.inputs),
    outputs: indicesOf(net.outputs),
  };
}
