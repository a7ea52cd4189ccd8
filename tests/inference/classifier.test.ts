import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FloatImage } from "../../src/float-images/float-image.ts";
import { readLabels, topChoices } from "../../src/inference/choice.ts";
import { Classifier } from "../../src/inference/classifier.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

/** Scores an image by the mean of its red, green and blue: its input is 2×2, blue first. */
const NET = parsePrototxt(
  "NetParameter",
  `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 3 dim: 3 dim: 2 dim: 2 } } }
   layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE global_pooling: true } }
   layer { name: "score" type: "Flatten" bottom: "pool" top: "score" }`,
);

/** A 4×4 image, red growing to the right, green 1, blue 0. */
const image: FloatImage = {
  shape: [4, 4, 3],
  data: Float32Array.from({ length: 48 }, (_, i) =>
    i % 3 === 0 ? ((i / 3) % 4) / 3 : i % 3 === 1 ? 1 : 0,
  ),
};

test("the mean over ten crops, or the centre's scores", async () => {
  using classifier = new Classifier(NET, {
    imageDims: [4, 4],
    channelSwap: [2, 1, 0],
    rawScale: 6,
  });
  const centre = await classifier.predict([image, image], false);
  expect(centre.shape).toEqual([2, 3]);
  expect(centre.values()).toBeAllClose([0, 6, 3, 0, 6, 3]);
  const crops = await classifier.predict([image]);
  expect(crops.shape).toEqual([1, 3]);
  expect(crops.values()).toBeAllClose([0, 6, 3]);
});

test("a map of scores has no one best class; one place does", async () => {
  const map = parsePrototxt(
    "NetParameter",
    `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 2 dim: 2 } } }
     layer { name: "prob" type: "Softmax" bottom: "data" top: "prob" }`,
  );
  using classifier = new Classifier(map);
  await expect(classifier.classify(image)).rejects.toThrow(
    'output "prob" has shape 1×3×2×2, scores of 4 places. Expected N×classes, or 1×1 places',
  );
  expect((await classifier.predict([image])).shape).toEqual([1, 3, 2, 2]);
  const { layer = [] } = NET;
  using place = new Classifier({ layer: layer.slice(0, 2) });
  expect(await place.classify(image, { top: 9 })).toHaveLength(3);
});

test("classes come best first, with labels where they are known", async () => {
  using classifier = new Classifier(NET);
  expect(classifier.imageDims).toEqual([2, 2]);
  const choices = await classifier.classify(image, {
    labels: ["red", "green"],
    top: 2,
    oversample: false,
  });
  expect(choices.map(({ label, index }) => [label, index])).toEqual([
    ["green", 1],
    ["red", 0],
  ]);
  expect(topChoices([1, 3, 3], [], 2)).toEqual([
    { index: 1, label: "1", score: 3 },
    { index: 2, label: "2", score: 3 },
  ]);
});

test("labels are read line by line", () => {
  const path = join(folder, "labels.txt");
  writeFileSync(path, "n01440764 tench, Tinca tinca\r\nn01443537 goldfish\n");
  expect(readLabels(path)).toEqual(["n01440764 tench, Tinca tinca", "n01443537 goldfish"]);
  expect(() => readLabels(join(folder, "none"))).toThrow("no such file");
});

test("a net that is no classifier is refused", () => {
  expect(() => new Classifier({ name: "none" })).toThrow(
    "has 0 inputs. Expected a deploy net with one",
  );
  expect(() => new Classifier(NET, { imageDims: [1, 1] })).toThrow(
    "Expected at least the input's size",
  );
});

test("images that are asked about at once get the scores they get alone", async () => {
  using classifier = new Classifier(NET);
  const images = [1, 2, 3].map(
    (k): FloatImage => ({ ...image, data: image.data.map((v) => v / k) }),
  );
  const scores = async (one: FloatImage): Promise<number[]> =>
    Array.from((await classifier.predict([one], one !== images[1])).values());
  const alone = [];
  for (const one of images) alone.push(await scores(one));
  expect(await Promise.all(images.map(scores))).toEqual(alone);
  const waiting = classifier.predict(images);
  classifier.close();
  await expect(waiting).rejects.toThrow("closed");
});
