import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import { NetError } from "../../util/errors.ts";
import { type Log, silent } from "../../util/log.ts";
import { nearestText } from "../../util/nearest.ts";

/** What makes the blob that a name stands for at some point of the net: a layer, and the index of the top. */
interface Producer {
  readonly layer: number;
  readonly top: number;
}

/**
 * The net with a Split layer after every top that more than one layer reads, so that each reader has a
 * gradient of its own to write. A non-zero `loss_weight` counts as a reader, and moves to the split's
 * first output: the layer's own is cleared then, as in Caffe, so that a loss counts once more with the weight 1 that it
 * has where none is written.
 *
 * Names are Caffe's: layer `<blob>_<layer>_<top index>_split`, blobs the same with `_<k>` behind.
 *
 * @throws NetError where a bottom is produced by no layer before it
 * @see Caffe's InsertSplits
 */
export function insertSplits(param: NetParameter, log: Log = silent): NetParameter {
  const layers = param.layer ?? [];
  const readers = countReaders(layers);
  const latest = new Map<string, Producer>();
  const given = new Map<string, number>();
  const result: LayerParameter[] = [];

  layers.forEach((layer, index) => {
    const bottom = (layer.bottom ?? []).map((blob) => {
      const producer = latest.get(blob) as Producer;
      const key = keyOf(producer);
      if ((readers.get(key) ?? 0) < 2) return blob;
      const k = given.get(key) ?? 0;
      given.set(key, k + 1);
      return `${splitName(layers[producer.layer]?.name, blob, producer.top)}_${k}`;
    });
    const splits: LayerParameter[] = [];
    const { loss_weight = [], ...rest } = layer;
    let hasMoved = false;
    (layer.top ?? []).forEach((blob, top) => {
      latest.set(blob, { layer: index, top });
      const key = keyOf({ layer: index, top });
      const count = readers.get(key) ?? 0;
      if (count < 2) return;
      const name = splitName(layer.name, blob, top);
      const weight = loss_weight[top] ?? 0;
      splits.push({
        name,
        type: "Split",
        bottom: [blob],
        top: Array.from({ length: count }, (_, k) => `${name}_${k}`),
        ...(weight !== 0 && {
          loss_weight: Array.from({ length: count }, (_, k) => (k === 0 ? weight : 0)),
        }),
      });
      if (weight !== 0) {
        hasMoved = true;
        given.set(key, 1);
      }
    });
    if (hasMoved) warnOfCleared(layer, readers, index, log);
    result.push({
      ...rest,
      ...(bottom.length > 0 && { bottom }),
      ...(loss_weight.length > 0 && !hasMoved && { loss_weight }),
    });
    result.push(...splits);
  });
  return { ...param, layer: result };
}

/** Warns of weights that are cleared along with one that moves to a split. */
function warnOfCleared(
  layer: LayerParameter,
  readers: ReadonlyMap<string, number>,
  index: number,
  log: Log,
): void {
  layer.loss_weight?.forEach((weight, top) => {
    if (weight === 0 || (readers.get(keyOf({ layer: index, top })) ?? 0) > 1) return;
    log(
      "warning",
      "net",
      `layer "${layer.name ?? ""}": the loss_weight ${weight} of its top "${layer.top?.[top] ?? ""}" does not count, as in Caffe, for another of its tops has one and is read by other layers. Expected a Split, or a layer of its own, behind one of them.`,
    );
  });
}

/** How many read each top, by the key of its producer. */
function countReaders(layers: readonly LayerParameter[]): Map<string, number> {
  const latest = new Map<string, Producer>();
  const readers = new Map<string, number>();
  layers.forEach((layer, index) => {
    (layer.bottom ?? []).forEach((blob, i) => {
      const producer = latest.get(blob);
      if (!producer) {
        throw new NetError(
          `Unknown bottom blob '${blob}' (layer '${layer.name ?? ""}', bottom index ${i}).${nearestText(blob, latest.keys())} Expected the name of a top of a layer before it.`,
        );
      }
      const key = keyOf(producer);
      readers.set(key, (readers.get(key) ?? 0) + 1);
    });
    (layer.top ?? []).forEach((blob, top) => {
      latest.set(blob, { layer: index, top });
      if ((layer.loss_weight?.[top] ?? 0) !== 0) readers.set(keyOf({ layer: index, top }), 1);
    });
  });
  return readers;
}

function keyOf({ layer, top }: Producer): string {
  return `${layer}:${top}`;
}

function splitName(layer: string | undefined, blob: string, top: number): string {
  return `${blob}_${layer ?? ""}_${top}_split`;
}
