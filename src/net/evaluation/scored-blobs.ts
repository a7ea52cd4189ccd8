import type { Blob } from "../../blob/blob.ts";
import { LabelledLayer } from "../../layers/base/labelled.ts";
import type { Net } from "../net.ts";

/** Scores of classes, N×C×…, and a label for each of their positions. */
export interface ScoredBlobs {
  readonly scores: Blob;
  readonly labels: Blob;
  readonly ignored: number | undefined;
}

/**
 * What a net compares, after a pass: of each layer that compares scores of classes with labels (SoftmaxWithLoss, Accuracy),
 * by its key, and where there is none, scores that the net gives as an output beside one of labels. Each pair once, though
 * several layers compare it: those that a split has made of a blob share its memory.
 */
export function scoredBlobs(net: Net): ReadonlyMap<string, ScoredBlobs> {
  const { layers, layerKeys, bottomBlobs } = net;
  const found = new Map<string, ScoredBlobs>();
  const add = (name: string, one: ScoredBlobs): void => {
    const isKnown = [...found.values()].some(({ scores }) => scores.dataMem === one.scores.dataMem);
    if (!isKnown && fits(one)) found.set(name, one);
  };
  for (const [i, layer] of layers.entries()) {
    const [scores, labels] = bottomBlobs[i] ?? [];
    const told = layer instanceof LabelledLayer ? layer.scoredClasses : undefined;
    if (!told || !scores || !labels || scores.shape[1] !== told.classes) continue;
    add(layerKeys[i] ?? "", { scores, labels, ignored: told.ignored });
  }
  return found.size > 0 ? found : scoredOutputs(net);
}

/** An output of scores, where the net ends in one, and its labels: an output that comes from its data. */
function scoredOutputs(net: Net): ReadonlyMap<string, ScoredBlobs> {
  const { outputs, layers, bottomBlobs, topBlobs } = net;
  const sources = new Set(
    layers.flatMap((_, i) => (bottomBlobs[i]?.length === 0 ? (topBlobs[i] ?? []) : [])),
  );
  const blobs = outputs.map((name) => [name, net.blob(name)] as const);
  const labels = blobs.filter(([, blob]) => sources.has(blob));
  const found = blobs.flatMap(([name, scores]) =>
    labels
      .map(([, blob]): [string, ScoredBlobs] => [
        name,
        { scores, labels: blob, ignored: undefined },
      ])
      .filter(([, one]) => !sources.has(scores) && fits(one)),
  );
  return new Map(found);
}

/** Whether there are two classes or more, and a label for each position. */
function fits({ scores, labels }: ScoredBlobs): boolean {
  const [samples = 0, classes = 0] = scores.shape;
  return scores.shape.length >= 2 && classes > 1 && labels.count() === samples * scores.count(2);
}
