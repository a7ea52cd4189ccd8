import type { Blob } from "../../blob/blob.ts";
import type { Layer } from "../../layers/base/layer.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { FormatError, NetError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { BlobValue } from "../../util/nd-array.ts";
import { nearest } from "../../util/nearest.ts";
import { FileWeights } from "./file-weights.ts";
import { pairByName } from "./pair-by-name.ts";
import type { TrainedWeights } from "./trained-weights.ts";

/** A layer, and the weights file it is in. */
export interface LayerOfFile {
  /** Its name; of several of one name in a net its key, as `net.layerKeys` has it. */
  readonly layer: string;
  /** The file; "weights" where they were given as an object. */
  readonly source: string;
}

/** What came from where when weights were copied into a net. */
export interface CopiedWeights {
  /** Layers of the net that took blobs, file by file. */
  readonly filled: readonly LayerOfFile[];
  /** Layers of the files that have blobs and that the net lacks. */
  readonly ignored: readonly LayerOfFile[];
  /** Layers of the net with parameters that no file has filled, now or before: they keep their fillers' values. */
  readonly unfilled: readonly string[];
}

/** A net as far as weights are copied into it. */
interface WeightedNet {
  readonly name: string;
  readonly phase: "TRAIN" | "TEST";
  readonly layerNames: readonly string[];
  readonly layerKeys: readonly string[];
  readonly layers: readonly Layer[];
  readonly learnableParams: readonly { readonly blob: Blob }[];
}

/** Parameters' memory that weights have been copied into, of all nets: sharers of it need no copy of their own. */
const filledMemory = new WeakSet<SyncedMem>();

/** What one file has for one net. */
interface Plan {
  readonly net: WeightedNet;
  readonly source: string;
  readonly values: Map<Blob, BlobValue>;
  readonly filled: string[];
  readonly ignored: (TrainedWeights["layers"][number] & { readonly source: string })[];
}

/**
 * Copies the blobs of weights files into layers of the same name of nets, file by file; diffs too, where a file has them.
 *
 * Layers of a file that a net lacks are logged and ignored; layers that the files lack keep what they have. Which these
 * are is logged: as a warning in TEST, where nothing else would fill them, and as information in TRAIN, where they are
 * what is to be learned. Parameters that a net shares with one before it are told of there.
 *
 * @param isComplete the files must fill every layer, as those of a snapshot do
 * @returns for each net what came from where
 * @throws FormatError where a file holds no blobs, or not all of them; NetError where it fills no layer of any of the nets, though they have
 *   parameters, or a number of blobs or a shape differs. Nothing has been copied then.
 * @see Caffe's Net::CopyTrainedLayersFrom
 */
export function copyWeights(
  nets: readonly WeightedNet[],
  weights: readonly TrainedWeights[],
  log: Log,
  isComplete = false,
): CopiedWeights[] {
  const plans = weights.map((one) => nets.map((net) => planOf(net, one, log)));
  plans.forEach((ofFile, i) => {
    checkUse(ofFile, weights[i] as TrainedWeights);
    if (isComplete) for (const plan of ofFile) checkComplete(plan);
  });
  for (const [plan] of plans) if (plan) warnOfNoNumbers(plan, log);
  plans.forEach((ofFile, i) => {
    const file = weights[i];
    const sole = file instanceof FileWeights ? file.handOver() : undefined;
    // What nets share is copied once.
    const done = new Set<SyncedMem>();
    for (const { net, source, values, filled } of ofFile) {
      const left = [...values].filter(([{ dataMem }]) => !done.has(dataMem));
      for (const [blob, value] of left) {
        const array = sole?.get(value.data);
        copyValue(blob, value, array !== undefined && blob.dataMem.keepCpu(array));
        done.add(blob.dataMem);
      }
      if (filled.length === 0) continue;
      log("info", "net", `Copied ${layersText(filled)} of net "${net.name}" from ${source}`);
    }
  });
  const toldOf = new Set<SyncedMem>();
  return nets.map((net, i) => {
    const own = plans.map((ofFile) => ofFile[i] as Plan);
    const of = ({ source }: Plan, names: readonly string[]): LayerOfFile[] =>
      names.map((layer) => ({ layer, source }));
    const unfilled = unfilledLayers(net, toldOf);
    for (const { blob } of net.learnableParams) toldOf.add(blob.dataMem);
    if (weights.length > 0) tellUnfilled(net, unfilled, own, log);
    return {
      filled: own.flatMap((plan) => of(plan, plan.filled)),
      ignored: own.flatMap((plan) =>
        of(
          plan,
          plan.ignored.map(({ name }) => name),
        ),
      ),
      unfilled,
    };
  });
}

/** @param isKept the array of `data` is the blob's already */
function copyValue({ dataMem, diffMem }: Blob, { data, diff }: BlobValue, isKept: boolean): void {
  if (!isKept) dataMem.overwriteCpu().set(data);
  // Gradients that go with their update would be lost at the next one.
  if (diff && !diffMem.isReadOnce) diffMem.overwriteCpu().set(diff);
  filledMemory.add(dataMem);
}

/**
 * The layers of a net with parameters that no weights have been copied into and that its prototxt does not give as
 * `blobs`, by their keys.
 */
export function unfilledLayers(net: WeightedNet, except?: ReadonlySet<SyncedMem>): string[] {
  return layersWithout(net, (memory) => filledMemory.has(memory) || except?.has(memory) === true);
}

function layersWithout(net: WeightedNet, isFilled: (memory: SyncedMem) => boolean): string[] {
  return net.layerKeys.filter((_, i) => {
    const { blobs, param } = net.layers[i] as Layer;
    if (param.blobs && param.blobs.length > 0) return false;
    return blobs.some(({ dataMem }) => dataMem.count > 0 && !isFilled(dataMem));
  });
}

/** Which blobs of the net take which of the file. */
function planOf(net: WeightedNet, weights: TrainedWeights, log: Log): Plan {
  const { source = "weights" } = weights;
  const plan: Plan = { net, source, values: new Map(), filled: [], ignored: [] };
  const owners = new Set(net.learnableParams.map(({ blob }) => blob));
  const targets = net.layers.map(({ blobs }, i) => ({
    name: net.layerNames[i] ?? "",
    key: net.layerKeys[i] ?? "",
    blobs,
  }));
  for (const [layer, target] of pairByName(weights.layers, targets)) {
    if (!target) {
      log("info", "net", `Ignoring source layer ${layer.name}`);
      if (layer.blobs.length > 0) plan.ignored.push({ ...layer, source });
      continue;
    }
    if (layer.blobs.length === 0 && target.blobs.length === 0) continue;
    checkBlobs(layer.name, layer.blobs, target.blobs, (blob) => owners.has(blob), weights.source);
    layer.blobs.forEach((value, i) => {
      const blob = target.blobs[i];
      if (value && blob) plan.values.set(blob, value);
    });
    if (layer.blobs.some((value) => value)) plan.filled.push(target.key);
  }
  return plan;
}

/** Makes sure that a file fills something of the nets. */
function checkUse(plans: readonly Plan[], { source = "weights", layers }: TrainedWeights): void {
  const nets = plans.filter(({ net }) => net.learnableParams.length > 0);
  if (nets.length === 0 || nets.some(({ values }) => values.size > 0)) return;
  const held = layers.filter(({ blobs }) => blobs.some((blob) => blob));
  if (held.length === 0) {
    throw new FormatError(
      `${source}: ${layers.length === 0 ? "it holds no layers" : `none of its ${layers.length} layers holds blobs`}. Expected the weights of a net; this file may be empty or cut short, or of another kind.`,
    );
  }
  const [{ net }] = nets as [Plan];
  const names = learnedNames(net);
  const pair = similar(net, names, plans[0]?.ignored ?? [])[0];
  throw new NetError(
    `${source}: none of its ${layersText(held.map(({ name }) => name))} is a layer of net "${net.name}", which has ${layersText(names)} with parameters.${pair ? ` ${pair}` : ""} Expected the weights of this net.`,
  );
}

/** Warns where weights are no numbers: what reads them is spoilt, and MAX pooling or a rectifier may hide it. */
function warnOfNoNumbers({ net, source, values }: Plan, log: Log): void {
  const isSpoilt = ({ blobs }: Layer): boolean =>
    blobs.some((blob) => !isAllFinite(values.get(blob)?.data ?? []));
  const spoilt = net.layerKeys.filter((_, i) => isSpoilt(net.layers[i] as Layer));
  if (spoilt.length === 0) return;
  log(
    "warning",
    "net",
    `${source}: weights of ${layersText(spoilt)} are NaN or infinite: the run that wrote them had diverged. Expected a snapshot from before.`,
  );
}

/** 0·x is 0 where x is finite and NaN elsewhere. Four sums, none of which waits for another, take a quarter of the time of one. */
function isAllFinite(values: ArrayLike<number>): boolean {
  const { length } = values;
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += 0 * (values[i] as number);
    b += 0 * (values[i + 1] as number);
    c += 0 * (values[i + 2] as number);
    d += 0 * (values[i + 3] as number);
  }
  for (; i < length; i++) a += 0 * (values[i] as number);
  return a + b + c + d === 0;
}

/** Makes sure that a file fills every layer of a net. */
function checkComplete({ net, source, values }: Plan): void {
  const filled = new Set([...values.keys()].map(({ dataMem }) => dataMem));
  const missing = layersWithout(net, (memory) => filled.has(memory));
  if (missing.length === 0) return;
  throw new FormatError(
    `${source}: it has no weights for ${layersText(missing)} of net "${net.name}". Expected those of every layer, as a snapshot has them; it is cut short, or of another net.`,
  );
}

function learnedNames({ layerKeys, layers }: WeightedNet): string[] {
  return layerKeys.filter((_, i) => (layers[i]?.blobs.length ?? 0) > 0);
}

/** Logs which layers keep their fillers' values, and what they may be called in the files. */
function tellUnfilled(
  net: WeightedNet,
  unfilled: readonly string[],
  plans: readonly Plan[],
  log: Log,
): void {
  if (unfilled.length === 0) return;
  const hints = similar(
    net,
    unfilled,
    plans.flatMap(({ ignored }) => ignored),
  );
  log(
    net.phase === "TEST" ? "warning" : "info",
    "net",
    [
      `No weights file has filled ${layersText(unfilled)} of net "${net.name}": what their fillers gave them stays.`,
      ...hints.slice(0, SHOWN),
    ].join(" "),
  );
}

/** For layers of the net: those of a file whose blobs have the same shapes and which may be meant, in words. */
function similar(net: WeightedNet, names: readonly string[], ignored: Plan["ignored"]): string[] {
  return names.flatMap((name) => {
    const { blobs } = net.layers[net.layerKeys.indexOf(name)] as Layer;
    const fitting = ignored.filter(
      (layer) =>
        layer.blobs.length === blobs.length &&
        layer.blobs.every((value, i) => value && blobs[i]?.fits(value)),
    );
    const found =
      nearest(
        name,
        fitting.map((layer) => layer.name),
      ) ?? (fitting.length === 1 ? fitting[0]?.name : undefined);
    const layer = fitting.find((one) => one.name === found);
    return layer ? [`"${name}" has the shapes of "${layer.name}" in ${layer.source}.`] : [];
  });
}

/** How many names a message lists. */
const SHOWN = 8;

/** `layer "a"`, `3 layers ("a", "b", "c")`, and of many the first. */
function layersText(names: readonly string[]): string {
  if (names.length === 1) return `layer "${names[0]}"`;
  const shown = names.slice(0, SHOWN).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  return `${names.length} layers (${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""})`;
}

function checkBlobs(
  name: string,
  source: readonly (BlobValue | undefined)[],
  target: readonly Blob[],
  isOwner: (blob: Blob) => boolean,
  file: string | undefined,
): void {
  const where = file === undefined ? "" : `${file}: `;
  // A file in HDF5 holds a shared parameter once, under its owner.
  const isShared =
    source.length < target.length && target.slice(source.length).every((blob) => !isOwner(blob));
  const lacks = source.some((value, i) => !value && isOwner(target[i] as Blob));
  if ((source.length !== target.length && !isShared) || lacks) {
    throw new NetError(
      `${where}layer '${name}' has ${source.length} blobs. Expected ${target.length}: Incompatible number of blobs for layer ${name}. To learn this layer's parameters from scratch rather than copying from a saved net, rename the layer.`,
    );
  }
  source.forEach((value, i) => {
    const blob = target[i];
    if (!blob || !value) return;
    const count = blob.count();
    for (const part of ["data", "diff"] as const) {
      const length = value[part]?.length ?? count;
      if (!blob.fits(value) || length === count) continue;
      throw new NetError(
        `${where}blob ${i} of layer '${name}' has ${length} values in its ${part}. Expected ${count}, as its shape says.`,
      );
    }
    if (blob.fits(value)) return;
    const sourceShape = [...value.shape, `(${value.data.length})`].join(" ");
    throw new NetError(
      `${where}Cannot copy param ${i} weights from layer '${name}'; shape mismatch.  Source param shape is ${sourceShape}; target param shape is ${blob.shapeString()}. To learn this layer's parameters from scratch rather than copying from a saved net, rename the layer.`,
    );
  });
}
