import { chainFrom, isProduct } from "../net/build/byte-chains.ts";
import { scoredBlobs } from "../net/evaluation/scored-blobs.ts";
import type { Net } from "../net/net.ts";
import { type Batches, runBatch } from "./calibration.ts";
import { Agreement, Difference } from "./difference.ts";
import { roledLayers } from "./parts.ts";

/** What two nets make of the same batches. */
export interface Comparison {
  /** By layer that multiplies: its result with what belongs to it. */
  readonly layers: ReadonlyMap<string, Difference>;
  /** How often they choose the same; undefined where no blob holds scores. */
  readonly agreement: Agreement | undefined;
  /** Means of outputs of one number: losses and accuracies. */
  readonly outputs: readonly {
    readonly name: string;
    readonly float: number;
    readonly int8: number;
  }[];
  readonly samples: number;
}

/**
 * Runs both nets on all batches. A net whose own layers read its data reads on from where it is: both begin anew.
 * @param float the net, and `int8`, the same with quantization_param
 */
export async function compareNets(float: Net, int8: Net, batches: Batches): Promise<Comparison> {
  const roled = roledLayers(float);
  const tops = roled.flatMap((layer, i) =>
    isProduct(layer) ? [[layer.param.name ?? "", chainFrom(roled, i).top] as const] : [],
  );
  const layers = new Map(tops.map(([name]) => [name, new Difference()]));
  const agreement = new Agreement();
  const sums = new Map<string, [number, number]>();
  let samples = 0;
  for (let i = 0; i < batches.count; i++) {
    await Promise.all([runBatch(float, batches, i), runBatch(int8, batches, i)]);
    for (const [name, top] of tops) {
      const [a, b] = [float.blob(top), int8.blob(top)];
      layers.get(name)?.add(a.dataMem.cpu(), b.dataMem.cpu(), a.count());
    }
    for (const name of scoreNames(float)) {
      const [a, b] = [float.blob(name), int8.blob(name)];
      agreement.add(a.dataMem.cpu(), b.dataMem.cpu(), a.shape);
      samples += a.shape[0] ?? 0;
    }
    for (const name of float.outputs) {
      const [a, b] = [float.blob(name), int8.blob(name)];
      if (a.count() !== 1) continue;
      const [before = 0, beforeInt8 = 0] = sums.get(name) ?? [];
      const [one = 0, other = 0] = [a.dataMem.cpu()[0], b.dataMem.cpu()[0]];
      sums.set(name, [before + one, beforeInt8 + other]);
    }
  }
  return {
    layers,
    agreement: agreement.count > 0 ? agreement : undefined,
    outputs: [...sums].map(([name, [a, b]]) => ({
      name,
      float: a / batches.count,
      int8: b / batches.count,
    })),
    samples,
  };
}

/** The blobs in which scores of classes stand: what is compared with labels, else outputs. */
function scoreNames(net: Net): readonly string[] {
  const scored = [...scoredBlobs(net).values()].map(({ scores }) => scores.dataMem);
  const names = [...net.blobs].flatMap(([name, { dataMem }]) =>
    scored.includes(dataMem) ? [name] : [],
  );
  const [first] = names;
  if (first !== undefined) return [first];
  return net.outputs.filter((name) => {
    const { shape } = net.blob(name);
    return shape.length >= 2 && (shape[1] ?? 0) > 1;
  });
}
