import { FormatError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { entryOf } from "../../util/records.ts";
import { checkKind } from "../files/file-kind.ts";
import { RandomAccessFile } from "../files/random-access-file.ts";
import { isHdf5At } from "../hdf5/hdf5.ts";
import type { LayerParameter, NetParameter } from "../proto/caffe.ts";
import { UNKNOWN } from "../proto/foreign-message.ts";
import { paramFields } from "../proto/layer-types.ts";
import { messageType } from "../proto/messages.ts";
import { netParameterOf, readNetParameter } from "../text/read-net.ts";
import { upgradeNet } from "../upgrade/upgrade.ts";
import { decodeWithForeign } from "./foreign-binary.ts";
import { readNetBytes } from "./net-fields.ts";
import { sharedNumbers } from "./shared-numbers.ts";

/**
 * The net that a .caffemodel was saved from, of any age and of SSD's dialect too, as one that can be built: in the present form, with
 * no weights and no splits, and without the state that the saved net was in, so that it can be built in either phase. Layers of the
 * other phase are not in such a file.
 *
 * @param log told of what the file does not tell, or tells and no layer reads
 * @throws FileError, FormatError where it is cut short or damaged, holds no layers, or is in HDF5, which holds weights alone
 */
export function readNetOfWeights(path: string, log: Log): NetParameter {
  checkIsBinary(path);
  const { bytes, unread } = readNetBytes(path);
  const warn = (text: string): void => log("warning", "caffemodel", `${path}: ${text}`);
  for (const { layer, fields } of unread) {
    warn(
      `layer "${layer}" has fields that its type does not read, or that only another Caffe knows (${fields.join(", ")} by number). They are left out.`,
    );
  }
  const saved = decoded(bytes, path);
  const { input = [], input_dim = [], input_shape = [], ...rest } = saved;
  const hasNoShapes = input.length > 0 && input_dim.length + input_shape.length === 0;
  const current = upgradeNet(hasNoShapes ? rest : saved, path, log);
  const layers = (current.layer ?? []).map((layer) => asWritten(layer, warn));
  if (layers.length === 0) {
    throw new FormatError(
      `${path}: it holds no layers. Expected a .caffemodel; this file may be empty or cut short, or of another kind.`,
    );
  }
  for (const layer of layers) warnOfMissing(layer, warn);
  if (hasNoShapes) {
    warn(
      `the shapes of its inputs (${input.join(", ")}) are not told. Write them into its Input layers.`,
    );
  }
  const inputs = (hasNoShapes ? input : []).map(
    (top): LayerParameter => ({ name: top, type: "Input", top: [top] }),
  );
  return {
    ...withoutState(current),
    layer: [...inputs, ...withoutSplits(layers.map(withoutState))],
  };
}

/** A net by its prototxt, by the weights that were saved from it (.caffemodel), or as a parameter. */
export function anyNetOf(source: string | NetParameter, log: Log): NetParameter {
  if (typeof source !== "string") return netParameterOf(source, log);
  return source.endsWith(".caffemodel")
    ? readNetOfWeights(source, log)
    : readNetParameter(source, log);
}

function checkIsBinary(path: string): void {
  if (isHdf5At(path)) {
    throw new FormatError(
      `${path}: weights in HDF5 hold no net. Expected a .caffemodel in BINARYPROTO.`,
    );
  }
  const file = new RandomAccessFile(path, "weights file");
  try {
    checkKind(file.read(0, Math.min(file.size, 4096)), path, "a .caffemodel");
  } finally {
    file.close();
  }
}

function decoded(bytes: Uint8Array, path: string): NetParameter {
  try {
    return decodeWithForeign("NetParameter", bytes);
  } catch (error) {
    throw new FormatError(
      `${path}: the file is cut short or damaged (${error instanceof Error ? error.message : String(error)}). Expected a .caffemodel.`,
      { cause: error },
    );
  }
}

/** The layer as a person would write it: numbers as short as they may be, and no fields within parameters that no schema here knows. */
function asWritten(layer: LayerParameter, warn: (text: string) => void): LayerParameter {
  let found = false;
  const cleaned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(cleaned);
    if (typeof value === "number") return shortest(value);
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
    found ||= UNKNOWN in value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, cleaned(one)]));
  };
  const clean = cleaned(layer) as LayerParameter;
  if (found) {
    warn(
      `layer "${layer.name ?? ""}" (${layer.type ?? ""}) has fields that only another Caffe knows. They are left out.`,
    );
  }
  return clean;
}

/** The number of fewest digits that is the same in single precision: what was written as 0.01 is saved as 0.009999999776…. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return value;
}

/** Parameters of forks' layer types are in no weights file but SSD's: BVLC Caffe has no numbers for them. */
function warnOfMissing(layer: LayerParameter, warn: (text: string) => void): void {
  const { fields } = messageType("LayerParameter");
  const reads: readonly string[] = entryOf(paramFields, layer.type ?? "") ?? [];
  for (const name of reads) {
    const isForks = (fields[name]?.id ?? 0) >= 10_000 && !(name in sharedNumbers);
    if (!isForks || name in layer) continue;
    warn(
      `layer "${layer.name ?? ""}" (${layer.type ?? ""}): a .caffemodel does not tell its ${name}. Write it, where it is not what stands when none is written.`,
    );
  }
}

/** What a net, or a layer of it, says in any state. */
function withoutState<T extends NetParameter | LayerParameter>(message: T): T {
  const state = ["state", "phase", "include", "exclude"];
  return Object.fromEntries(Object.entries(message).filter(([name]) => !state.includes(name))) as T;
}

/** The layers without the splits that the saved net put in: who read a split's top reads what it splits, and a loss's weight goes back. */
function withoutSplits(layers: readonly LayerParameter[]): LayerParameter[] {
  const whole = new Map<string, string>();
  const made = new Map<string, { layer: number; top: number }>();
  const kept: LayerParameter[] = [];
  for (const layer of layers) {
    const bottom = (layer.bottom ?? []).map((blob) => whole.get(blob) ?? blob);
    const { top = [] } = layer;
    if (layer.type === "Split") {
      for (const blob of top) whole.set(blob, bottom[0] ?? "");
      const weight = layer.loss_weight?.find((one) => one !== 0);
      const maker = made.get(bottom[0] ?? "");
      const source = kept[maker?.layer ?? -1];
      if (weight === undefined || !maker || !source) continue;
      const weights = (source.top ?? []).map((_, i) => source.loss_weight?.[i] ?? 0);
      weights[maker.top] = weight;
      kept[maker.layer] = { ...source, loss_weight: weights };
      continue;
    }
    for (const [i, blob] of top.entries()) {
      whole.delete(blob);
      made.set(blob, { layer: kept.length, top: i });
    }
    kept.push({ ...layer, ...(bottom.length > 0 && { bottom }) });
  }
  return kept;
}
