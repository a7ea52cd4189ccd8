import type { LayerParameter } from "../io/proto/caffe.ts";
import { learns } from "./layer-kinds.ts";

/** What a blob comes from. */
interface Behind {
  /** Names of the layers that learn, with nothing between that does. */
  readonly learners: ReadonlySet<string>;
  /** Names of the layers between these and the blob. */
  readonly between: ReadonlySet<string>;
}

/** Goes back from a blob to the layers that learn. */
export function learnersBehind(layers: readonly LayerParameter[], blob: string): Behind {
  const [learners, between] = [new Set<string>(), new Set<string>()];
  const wanted = new Set([blob]);
  for (const layer of [...layers].reverse()) {
    if (!layer.top?.some((one) => wanted.has(one))) continue;
    if (learns(layer)) {
      learners.add(layer.name ?? "");
      for (const one of layer.top) wanted.delete(one);
      continue;
    }
    between.add(layer.name ?? "");
    for (const one of layer.bottom ?? []) wanted.add(one);
  }
  return { learners, between };
}
