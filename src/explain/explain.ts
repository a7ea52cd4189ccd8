import { type FloatImage, resizeImage } from "../float-images/float-image.ts";
import { topChoices } from "../inference/choice.ts";
import { type Classifier, centreOf, classScores } from "../inference/classifier.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import { activationTiles } from "./activation-tiles.ts";
import { ExplainedNet } from "./explained-net.ts";
import { gradCamOf } from "./grad-cam.ts";
import type { HeatMap } from "./heat-map.ts";
import { type Cover, coversOf, occlusionOf } from "./occlusion.ts";
import { overlayOf } from "./overlay.ts";
import { saliencyOf } from "./saliency.ts";

/** Ways to see what a classifier looks at. */
export const METHODS = ["activations", "gradient", "grad-cam", "occlusion"] as const;
type Method = (typeof METHODS)[number];

/** A cover is this part of the image's side, and moves by a quarter of its own. */
const COVERED = 1 / 5;
/** Covered images that run at once. */
const BATCH = 16;
/** Pictures are drawn at least so large. */
const DRAWN = 256;

/** What is to be explained. */
interface ExplainOptions {
  readonly methods: readonly Method[];
  /** Names of layers, or of blobs: what activations and Grad-CAM show; the last map of features by default. */
  readonly layers?: readonly string[];
  /** The class whose score is explained; the best by default. */
  readonly index?: number | undefined;
  /** Names of the classes. */
  readonly labels?: readonly string[];
}

/** A picture of what a method found. */
interface Explanation {
  readonly method: Method;
  /** The blob that it is of, where it is of one. */
  readonly layer?: string;
  readonly picture: FloatImage;
}

/** What was found of an image. */
export interface Explained {
  readonly index: number;
  readonly label: string;
  readonly score: number;
  /** The image as the net sees it. */
  readonly seen: FloatImage;
  readonly explanations: readonly Explanation[];
}

/**
 * Shows what in an image speaks for a class.
 * @param classifier made with `forceBackward: true` and `fuse: false`
 * @throws CaffeError where there is no such class or layer
 */
export async function explain(
  classifier: Classifier,
  image: FloatImage,
  { methods, layers = [], index: asked, labels = [] }: ExplainOptions,
): Promise<Explained> {
  const net = new ExplainedNet(classifier);
  const [, channels = 1, height = 1, width = 1] = classifier.net.blob(
    classifier.net.inputs[0] ?? "",
  ).shape;
  const seen = centreOf(resizeImage(image, ...classifier.imageDims), height, width);
  const plain = classifier.transformer.preprocess(seen).data;
  const input: NdArray = { shape: [1, channels, height, width], data: plain };
  const scores = classScores(await net.scores(input), classifier.net.outputs[0]);
  const [best] = topChoices(scores, labels, 1);
  const index = asked ?? best?.index ?? 0;
  const score = scores[index];
  if (score === undefined) {
    throw new CaffeError(
      `class ${index} is none of the net's ${scores.length}. Expected 0 to ${scores.length - 1}.`,
    );
  }
  const maps = layers.map((name) => net.mapNamed(name));
  const shown = large(seen);
  const over = (map: HeatMap): FloatImage => overlayOf(shown, map);
  const ofMaps = async (
    method: Method,
    draw: (map: string) => Promise<FloatImage>,
  ): Promise<Explanation[]> => {
    const found: Explanation[] = [];
    for (const layer of maps.length > 0 ? maps : [net.lastMap]) {
      found.push({ method, layer, picture: await draw(layer) });
    }
    return found;
  };
  const by: Readonly<Record<Method, () => Promise<Explanation[]>>> = {
    activations: () =>
      ofMaps("activations", async (map) => large(activationTiles(await net.features(map)))),
    gradient: async () => [
      { method: "gradient", picture: over(saliencyOf(await net.imageGradient(index))) },
    ],
    "grad-cam": () =>
      ofMaps("grad-cam", async (map) => {
        const { features, gradient } = await net.mapGradient(map, index);
        return over(gradCamOf(features, gradient));
      }),
    occlusion: async () => {
      const side = Math.max(1, Math.round(COVERED * Math.min(height, width)));
      const covers = coversOf(height, width, side, Math.max(1, Math.round(side / 4)));
      const falls = await fallsOf(net, input, covers, index, score);
      return [{ method: "occlusion", picture: over(occlusionOf(height, width, covers, falls)) }];
    },
  };
  const explanations: Explanation[] = [];
  // Occlusion runs other images through the net: it comes last.
  for (const method of METHODS) {
    if (methods.includes(method)) explanations.push(...(await by[method]()));
  }
  return { index, label: labels[index] ?? String(index), score, seen: shown, explanations };
}

/** By how much a class's score falls where each cover is; what is covered is as the mean. */
async function fallsOf(
  net: ExplainedNet,
  { shape, data }: NdArray,
  covers: readonly Cover[],
  index: number,
  score: number,
): Promise<number[]> {
  const [, channels = 1, height = 1, width = 1] = shape;
  const falls: number[] = [];
  for (let from = 0; from < covers.length; from += BATCH) {
    const some = covers.slice(from, from + BATCH);
    const images = new Float32Array(some.length * data.length);
    some.forEach(({ top, left, side }, k) => {
      images.set(data, k * data.length);
      for (let c = 0; c < channels; c++) {
        for (let y = top; y < Math.min(height, top + side); y++) {
          const row = k * data.length + (c * height + y) * width;
          images.fill(0, row + left, row + Math.min(width, left + side));
        }
      }
    });
    const scores = await net.scores({
      shape: [some.length, channels, height, width],
      data: images,
    });
    const [values, classes] = [scores.values(), scores.count(1)];
    falls.push(...some.map((_, k) => score - (values[k * classes + index] ?? 0)));
  }
  return falls;
}

/** A picture whose pixels are repeated until it is large enough to be looked at. */
function large(picture: FloatImage): FloatImage {
  const [height, width, channels] = picture.shape;
  const times = Math.max(1, Math.ceil(DRAWN / Math.max(height, width)));
  const data = new Float32Array(height * width * channels * times ** 2);
  let to = 0;
  for (let y = 0; y < height * times; y++) {
    const row = Math.floor(y / times) * width;
    for (let x = 0; x < width * times; x++) {
      const from = (row + Math.floor(x / times)) * channels;
      for (let c = 0; c < channels; c++) data[to++] = picture.data[from + c] ?? 0;
    }
  }
  return { shape: [height * times, width * times, channels], data };
}
