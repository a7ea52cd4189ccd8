import type { LayerParameter, NetParameter, SolverParameter } from "caffe-ts";
import { SIDE } from "../picture-size.ts";

/** A text's parameter, and what was replaced in it, a line each. */
export interface Replaced<Parameter> {
  readonly param: Parameter;
  readonly notes: readonly string[];
}

/** Layers that read a database or files, which a page has none of. */
const READERS: readonly (string | undefined)[] = ["Data", "ImageData", "HDF5Data", "MemoryData"];

const isReader = ({ type }: LayerParameter): boolean => READERS.includes(type);

/** How many pictures a reader takes at a time. */
function batchOf(layer: LayerParameter): number | undefined {
  const { data_param, image_data_param, hdf5_data_param, memory_data_param } = layer;
  return [data_param, image_data_param, hdf5_data_param, memory_data_param].find((one) => one)
    ?.batch_size;
}

/**
 * A net as a page can train it: in the place of each layer that reads files stands a MemoryData layer with its name, tops and batch
 * size, which the page's pictures are given to.
 * @throws Error where there is no such layer, or one with other tops than pictures and labels
 */
export function withMemoryData(net: NetParameter): Replaced<NetParameter> {
  const readers = (net.layer ?? []).filter(isReader);
  if (readers.length === 0) {
    throw new Error(
      "the net has no layer that reads pictures. Expected one of type Data for each phase, as lenet_train_test.prototxt has.",
    );
  }
  const layer = (net.layer ?? []).map((one) => (isReader(one) ? memoryData(one) : one));
  const others = readers.filter(({ type }) => type !== "MemoryData");
  const notes = others.map(
    (one) =>
      `${one.type} layer "${one.name}" (${phaseOf(one)}) reads files, which a page has none of: a MemoryData layer of the same name, tops and batch size, ${batchOf(one)}, has its place.`,
  );
  return { param: { ...net, layer }, notes };
}

function memoryData(layer: LayerParameter): LayerParameter {
  const { name, top = [], include, exclude, phase, transform_param } = layer;
  const batch = batchOf(layer);
  if (top.length !== 2 || batch === undefined) {
    throw new Error(
      `layer "${name}" has ${top.length} tops${batch === undefined ? " and no batch_size" : ""}. Expected two, pictures and labels, and a batch_size.`,
    );
  }
  return {
    ...(name !== undefined && { name }),
    ...{ type: "MemoryData", top },
    ...(include && { include }),
    ...(exclude && { exclude }),
    ...(phase && { phase }),
    ...(transform_param && { transform_param }),
    memory_data_param: { batch_size: batch, channels: 1, height: SIDE, width: SIDE },
  };
}

/** The phase that a layer is of, in words. */
function phaseOf({ include = [], phase }: LayerParameter): string {
  return include.find((rule) => rule.phase)?.phase ?? phase ?? "both phases";
}

/** How bytes become a net's input: (byte - mean) · scale. */
export interface Scaling {
  readonly scale: number;
  readonly mean: number;
}

/** A net that says what is in pictures, and how it takes them. */
export interface GuessingNet extends Scaling {
  readonly param: NetParameter;
}

/** As the models of LeNet take grey values: from 0 up to 1. */
const FOR_INPUTS: Scaling = { scale: 1 / 256, mean: 0 };

/** What a layer that reads pictures does to their bytes. */
export function scalingOf({ transform_param = {} }: LayerParameter): Scaling {
  const { scale = 1, mean_value = [] } = transform_param;
  return { scale, mean: mean_value[0] ?? 0 };
}

/**
 * The net that says what is in a picture: an Input has the place of what reads pictures, SoftmaxWithLoss becomes Softmax, and
 * what else needs labels goes. A net that has an Input already stays as it is.
 */
export function forGuessing(net: NetParameter): GuessingNet {
  const readers = (net.layer ?? []).filter(isReader);
  const reader = readers.find((one) => phaseOf(one) !== "TRAIN") ?? readers[0];
  if (!reader) return { param: net, ...FOR_INPUTS };
  const labels = new Set(readers.map(({ top = [] }) => top[1]));
  const input: LayerParameter = {
    ...{ name: "data", type: "Input", top: [reader.top?.[0] ?? "data"] },
    input_param: { shape: [{ dim: [1, 1, SIDE, SIDE] }] },
  };
  const rest = (net.layer ?? []).flatMap((layer): LayerParameter[] => {
    if (isReader(layer)) return [];
    const [first = "", ...others] = layer.bottom ?? [];
    if (layer.type === "SoftmaxWithLoss")
      return [{ name: "prob", type: "Softmax", bottom: [first], top: ["prob"] }];
    return others.some((name) => labels.has(name)) ? [] : [layer];
  });
  return { param: { ...net, layer: [input, ...rest] }, ...scalingOf(reader) };
}

/** Fields of a solver that say where nets and weights lie, or where snapshots go. */
const OF_FILES = (
  "net net_param train_net train_net_param test_net test_net_param weights snapshot snapshot_prefix snapshot_diff " +
  "snapshot_format snapshot_after_train keep_best keep_last solver_mode device_id"
).split(" ");

/** A solver as a page can run it: its net is the one given, and it writes no file. */
export function withoutFiles(
  solver: SolverParameter,
  net: NetParameter,
): Replaced<SolverParameter> {
  const entries = Object.entries(solver);
  const dropped = entries.map(([name]) => name).filter((name) => OF_FILES.includes(name));
  const kept = Object.fromEntries(entries.filter(([name]) => !OF_FILES.includes(name)));
  return {
    param: { ...(kept as SolverParameter), net_param: net, snapshot_after_train: false },
    notes:
      dropped.length === 0
        ? []
        : [
            `The solver's ${dropped.join(", ")} ${dropped.length === 1 ? "is" : "are"} left out: the net is the text beside it, the engine is chosen above, and a page writes no snapshots.`,
          ],
  };
}
