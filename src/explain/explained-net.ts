import type { Blob } from "../blob/blob.ts";
import { type Classifier, onlyInput } from "../inference/classifier.ts";
import type { Net } from "../net/net.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import { nearestText } from "../util/nearest.ts";

/** A map of features, and how a class's score changes with it. */
interface FeaturesAndGradient {
  readonly features: NdArray;
  readonly gradient: NdArray;
}

/** A classifier's net as far as explaining is concerned: its scores before the softmax, its maps of features, gradients. */
export class ExplainedNet {
  readonly #net: Net;
  readonly #input: string;
  /** The blob of scores, before a softmax, and the layer that makes it. */
  readonly #scores: string;
  readonly #scorer: string;

  /** @param classifier whose net computes gradients of its input, and runs its layers one by one */
  constructor({ net }: Classifier) {
    this.#net = net;
    this.#input = onlyInput(net);
    const output = net.outputs[0] ?? "";
    const last = net.layerNames.findLast((name) => net.topNames(name).includes(output)) ?? "";
    const isSoftmax = net.layer(last).param.type === "Softmax";
    this.#scores = isSoftmax ? (net.bottomNames(last)[0] ?? output) : output;
    this.#scorer =
      net.layerNames.findLast(
        (name) => (!isSoftmax || name !== last) && net.topNames(name).includes(this.#scores),
      ) ?? last;
  }

  /**
   * The blobs that hold maps of features, in the order of their layers: of four axes, with more than one place, behind the
   * input and before the scores.
   */
  get maps(): string[] {
    const net = this.#net;
    const end = net.layerIndex(this.#scorer);
    const names = net.layerNames.slice(0, end + 1).flatMap((name) => net.topNames(name));
    return [...new Set(names)].filter(
      (name) => name !== this.#input && !/_split_\d+$/.test(name) && places(net.blob(name)) > 1,
    );
  }

  /** The last map that is not merely a smaller one of that before it: what Grad-CAM looks at. */
  get lastMap(): string {
    const net = this.#net;
    const isShrunk = (name: string): boolean => {
      const layer = net.layerNames.find((one) => net.topNames(one).includes(name)) ?? "";
      const [bottom] = net.bottomNames(layer);
      const before = bottom === undefined ? 0 : places(net.blob(bottom));
      return net.layer(layer).blobs.length === 0 && before > places(net.blob(name));
    };
    const found = this.maps.findLast((name) => !isShrunk(name));
    if (found !== undefined) return found;
    throw new CaffeError(
      `net "${net.name}" has no map of features with more than one place. Expected a convolution, or --method=gradient,occlusion.`,
    );
  }

  /**
   * The map that a name of a layer or of a blob means.
   * @throws CaffeError where it is none
   */
  mapNamed(name: string): string {
    const net = this.#net;
    const blob = net.layerNames.includes(name) ? (net.topNames(name)[0] ?? "") : name;
    if (this.maps.includes(blob)) return blob;
    throw new CaffeError(
      `net "${net.name}" has no map of features "${name}".${nearestText(name, this.maps)} Expected one of ${this.maps.join(", ")}.`,
    );
  }

  /** The outputs of images, one after the other in one array, N×C×H×W. */
  async scores(images: NdArray): Promise<Blob> {
    const outputs = await this.#net.forward({ [this.#input]: images });
    return outputs[this.#net.outputs[0] ?? ""] as Blob;
  }

  /** What lies in a map after `scores`. */
  async features(map: string): Promise<NdArray> {
    await this.#net.blob(map).dataMem.toHost();
    return copyOf(this.#net.blob(map));
  }

  /** The gradient of a class's score, before the softmax, by the one image that `scores` was given. */
  async imageGradient(index: number): Promise<NdArray> {
    const result = await this.#net.backward(this.#scoreOf(index), { start: this.#scorer });
    return gradientOf(result[this.#input] as Blob);
  }

  /** A map of the one image that `scores` was given, and the gradient of a class's score by it. */
  async mapGradient(map: string, index: number): Promise<FeaturesAndGradient> {
    const net = this.#net;
    const features = await this.features(map);
    // In place, a later layer's gradient lies where an earlier one's did: the pass ends at the first that only reads.
    const reader = net.layerNames.find(
      (name) => net.bottomNames(name).includes(map) && !net.topNames(name).includes(map),
    );
    if (map === this.#scores || reader === undefined) {
      const gradient = new Float32Array(features.data.length);
      const size = places(net.blob(map));
      gradient.fill(1, index * size, (index + 1) * size);
      return { features, gradient: { shape: features.shape, data: gradient } };
    }
    const range = { start: this.#scorer, end: reader };
    const result = await net.backward(this.#scoreOf(index), range);
    return { features, gradient: gradientOf(result[map] as Blob) };
  }

  /** A gradient of 1 for a class's score, at every place. */
  #scoreOf(index: number): Record<string, NdArray> {
    const blob = this.#net.blob(this.#scores);
    const data = new Float32Array(blob.count());
    const size = places(blob);
    data.fill(1, index * size, (index + 1) * size);
    return { [this.#scores]: { shape: [...blob.shape], data } };
  }
}

/** How many places a map has: 1 of what is none. */
function places({ shape }: Blob): number {
  return shape.length === 4 ? (shape[2] ?? 1) * (shape[3] ?? 1) : 1;
}

function copyOf(blob: Blob): NdArray {
  return { shape: [...blob.shape], data: Float32Array.from(blob.values()) };
}

function gradientOf(blob: Blob): NdArray {
  return { shape: [...blob.shape], data: Float32Array.from(blob.diffValues()) };
}
