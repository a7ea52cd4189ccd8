import type { NetParameter } from "../io/proto/caffe.ts";
import { isRelu, judges, learns } from "./layer-kinds.ts";

/** What lies between a net's features and what judges them. */
interface Scores {
  /** Names of the layers that give a score for each class: the last that learn before a loss or the softmax. */
  readonly layers: ReadonlySet<string>;
  /** ReLUs behind these, which keep a class from a score below zero. */
  readonly relus: ReadonlySet<string>;
}

/** Finds the layers that give the scores of a classifier; GoogLeNet has three of them. */
export function scoresOf({ layer: layers = [] }: NetParameter): Scores {
  const [found, relus] = [new Set<string>(), new Set<string>()];
  layers.forEach((judge, end) => {
    if (!judges(judge)) return;
    let blob = judge.bottom?.[0];
    for (const layer of layers.slice(0, end).reverse()) {
      if (blob === undefined || !layer.top?.includes(blob)) continue;
      if (learns(layer)) {
        found.add(layer.name ?? "");
        break;
      }
      if (isRelu(layer) && layer.bottom?.[0] === blob) relus.add(layer.name ?? "");
      blob = layer.bottom?.[0];
    }
  });
  return { layers: found, relus };
}
