import type { Blob } from "../../blob/blob.ts";
import type { NetParameter } from "../../io/proto/caffe.ts";
import type { Shape } from "../../util/shape.ts";
import { Net } from "../net.ts";

/** What one layer is and costs. */
export interface LayerSummary {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly topShapes: readonly Shape[];
  readonly engine: string;
  /** Elements of its blobs; those that it shares with a layer before it do not count. */
  readonly parameters: number;
  /** Multiplications (each with an addition) of one forward pass of the whole batch, in layers with weights. */
  readonly macs: number;
  /** Bytes of its tops; none where it works in place. */
  readonly bytes: number;
  /** Learning-rate multipliers of its blobs. */
  readonly lrMults: readonly number[];
}

/** What a net is and costs, layer by layer, as it is shaped now; one that is given by its file or parameter is built for it. */
export function summarize(given: Net | string | NetParameter): LayerSummary[] {
  if (!(given instanceof Net)) {
    const built = new Net(given);
    try {
      return summarize(built);
    } finally {
      built.close();
    }
  }
  const net = given;
  const seen = new Set<unknown>();
  return net.layers.map((layer, i) => {
    const [bottoms, tops] = [net.bottomBlobs[i] ?? [], net.topBlobs[i] ?? []];
    const name = net.layerNames[i] ?? "";
    return {
      name,
      type: layer.param.type ?? "",
      bottoms: layer.param.bottom ?? [],
      tops: layer.param.top ?? [],
      topShapes: tops.map(({ shape }) => shape),
      engine: layer.engineName,
      parameters: sum(layer.blobs.filter((blob) => isNew(seen, blob)).map((blob) => blob.count())),
      macs: layer.macs(bottoms, tops),
      bytes: sum(tops.filter((top) => !bottoms.includes(top)).map(bytesOf)),
      lrMults: layer.blobs.map((_, k) => layer.param.param?.[k]?.lr_mult ?? 1),
    };
  });
}

/** Blobs that share memory are one parameter. */
function isNew(seen: Set<unknown>, { dataMem }: Blob): boolean {
  const isFirst = !seen.has(dataMem);
  seen.add(dataMem);
  return isFirst;
}

function bytesOf(blob: Blob): number {
  return blob.count() * (blob.dtype === "f32" ? 4 : 8);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
