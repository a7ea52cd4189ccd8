import type { Blob } from "../../blob/blob.ts";
import { countConfusion } from "../../layers/base/confusion.ts";
import { LabelledLayer } from "../../layers/base/labelled.ts";
import type { Net } from "../net.ts";
import { PixelScores } from "./pixel-scores.ts";

/** Scores of classes, N×C×…, and a label for each of their positions. */
interface Scored {
  readonly scores: Blob;
  readonly labels: Blob;
  readonly ignored: number | undefined;
}

/**
 * Confusions of classes over many passes of a net that counts none itself: of the scores and labels that a layer compares
 * (SoftmaxWithLoss, Accuracy), by the layer's key, and of scores that the net gives as an output beside one of labels.
 */
export class LabelScores {
  readonly #net: Net;
  readonly #takesSamples: boolean;
  readonly #confusions: Map<string, PixelScores> = new Map();
  readonly #compared: Set<Blob> = new Set();
  readonly #ofPixels: Set<string> = new Set();

  /** @param ofSamples whether scores of whole samples, N×C, count too; those of maps always do */
  constructor(net: Net, ofSamples: boolean) {
    this.#net = net;
    this.#takesSamples = ofSamples;
  }

  /** Takes in the pass that the net has just done. */
  async add(): Promise<void> {
    for (const [name, { scores, labels, ignored }] of this.#scored()) {
      const classes = scores.shape[1] ?? 0;
      const inner = scores.count(2);
      if (inner === 1 && !this.#takesSamples) continue;
      await Promise.all([scores.toHost(), labels.toHost()]);
      const counts = new Float64Array(classes ** 2);
      countConfusion(
        scores.values(),
        labels.values(),
        inner,
        counts,
        (label) => label !== ignored && label >= 0 && label < classes,
      );
      const confusion = this.#confusions.get(name) ?? new PixelScores();
      this.#confusions.set(name, confusion);
      confusion.add(counts, false);
      if (inner === 1) continue;
      this.#ofPixels.add(name);
      this.#compared.add(scores).add(labels);
    }
  }

  /** Confusions by their names. */
  get all(): ReadonlyMap<string, PixelScores> {
    return this.#confusions;
  }

  /** Whether an output is a map of scores or of labels that is told as a confusion, of which no element says anything by itself. */
  isCompared(output: string): boolean {
    return this.#compared.has(this.#net.blob(output));
  }

  /** Those of maps, N×C×H×W. */
  get ofPixels(): ReadonlyMap<string, PixelScores> {
    return new Map([...this.#confusions].filter(([name]) => this.#ofPixels.has(name)));
  }

  /** Each pair once, though several layers compare it: those that a split has made of a blob share its memory. */
  #scored(): ReadonlyMap<string, Scored> {
    const { layers, layerKeys, bottomBlobs } = this.#net;
    const found = new Map<string, Scored>();
    const add = (name: string, one: Scored): void => {
      const isKnown = [...found.values()].some(
        ({ scores }) => scores.dataMem === one.scores.dataMem,
      );
      if (!isKnown && fits(one)) found.set(name, one);
    };
    for (const [i, layer] of layers.entries()) {
      const [scores, labels] = bottomBlobs[i] ?? [];
      const told = layer instanceof LabelledLayer ? layer.scoredClasses : undefined;
      if (!told || !scores || !labels || scores.shape[1] !== told.classes) continue;
      add(layerKeys[i] ?? "", { scores, labels, ignored: told.ignored });
    }
    return found.size > 0 ? found : this.#outputs();
  }

  /** An output of scores, where the net ends in one, and its labels: an output that comes from its data. */
  #outputs(): ReadonlyMap<string, Scored> {
    const { outputs, layers, bottomBlobs, topBlobs } = this.#net;
    const sources = new Set(
      layers.flatMap((_, i) => (bottomBlobs[i]?.length === 0 ? (topBlobs[i] ?? []) : [])),
    );
    const blobs = outputs.map((name) => [name, this.#net.blob(name)] as const);
    const labels = blobs.filter(([, blob]) => sources.has(blob));
    const found = blobs.flatMap(([name, scores]) =>
      labels
        .map(([, blob]): [string, Scored] => [name, { scores, labels: blob, ignored: undefined }])
        .filter(([, one]) => !sources.has(scores) && fits(one)),
    );
    return new Map(found);
  }
}

/** Whether there are two classes or more, and a label for each position. */
function fits({ scores, labels }: Scored): boolean {
  const [samples = 0, classes = 0] = scores.shape;
  return scores.shape.length >= 2 && classes > 1 && labels.count() === samples * scores.count(2);
}
