import type { Blob } from "../../blob/blob.ts";
import { countConfusion } from "../../layers/base/confusion.ts";
import { LabelledLayer } from "../../layers/base/labelled.ts";
import type { Net } from "../net.ts";
import { PixelScores } from "./pixel-scores.ts";
import { scoredBlobs } from "./scored-blobs.ts";

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
    for (const [i, layer] of net.layers.entries()) {
      if (layer instanceof LabelledLayer) net.keep(...net.bottomNames(net.layerKeys[i] ?? ""));
    }
  }

  /** Takes in the pass that the net has just done. */
  async add(): Promise<void> {
    for (const [name, { scores, labels, ignored }] of scoredBlobs(this.#net)) {
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
}
