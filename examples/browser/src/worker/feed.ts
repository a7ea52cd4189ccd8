import type { MemoryDataLayer, Net } from "caffe-ts";
import { PIXELS } from "../picture-size.ts";
import { scalingOf } from "./nets.ts";

/** Pictures of 28×28 bytes, one behind the other, and a label for each. */
export interface PictureSet {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** What a page does of a transform_param. */
const KNOWN = ["scale", "mean_value"];

/**
 * Gives a net's MemoryData layers pictures to read, in their order, round and round, as a Data layer reads a database.
 * @param told hears of each batch before it is read
 * @throws Error where a layer's transform_param asks for more than scale and mean_value
 */
export function feed(net: Net, set: PictureSet, told?: () => void): void {
  for (const layer of net.layers) {
    if (layer.param.type === "MemoryData") feedLayer(layer as MemoryDataLayer, set, told);
  }
}

function feedLayer(
  layer: MemoryDataLayer,
  { pixels, labels }: PictureSet,
  told?: () => void,
): void {
  const transform = layer.param.transform_param ?? {};
  const unknown = Object.keys(transform).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `layer "${layer.param.name}": transform_param has ${unknown.join(", ")}. Expected scale and mean_value alone: pictures in a page are not transformed otherwise.`,
    );
  }
  const { scale, mean } = scalingOf(layer.param);
  const [batch, count] = [layer.batchSize, labels.length];
  // Rounds and batches end together after so many pictures.
  const round = (count * batch) / greatestDivisor(count, batch);
  layer.readFrom((position, data, label) => {
    told?.();
    const [to, toLabels] = [data.dataMem.overwriteCpu(), label.dataMem.overwriteCpu()];
    for (let i = 0; i < batch; i++) {
      const from = (position + i) % count;
      for (let p = 0; p < PIXELS; p++) {
        to[i * PIXELS + p] = ((pixels[from * PIXELS + p] ?? 0) - mean) * scale;
      }
      toLabels[i] = labels[from] ?? 0;
    }
  }, round);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
