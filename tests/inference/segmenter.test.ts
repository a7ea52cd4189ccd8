import { expect, test } from "vitest";
import type { FloatImage } from "../../src/float-images/float-image.ts";
import { Segmenter, type SegmenterOptions } from "../../src/inference/segmenter.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";

const INPUT =
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 4 dim: 4 } } }';
/** Scores of two classes: 0.5, and the brightness of a cell of 2×2 pixels. */
const NET = `${INPUT}
  layer { name: "cell" type: "Pooling" bottom: "data" top: "cell" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
  layer { name: "score" type: "Convolution" bottom: "cell" top: "score" convolution_param { num_output: 2 kernel_size: 1 } }`;

function segmenterOf(text: string, options: SegmenterOptions = {}): Segmenter {
  const segmenter = new Segmenter(parsePrototxt("NetParameter", text), { rawScale: 1, ...options });
  const [weights, bias] = segmenter.net.params.get("score") ?? [];
  weights?.data.set(weights.count() === 2 ? [0, 1] : [1]);
  bias?.data.set(bias.count() === 2 ? [0.5, 0] : [-0.5]);
  return segmenter;
}

/** Dark, and from a column on bright. */
function half(height: number, width: number, from: number): FloatImage {
  const data = Float32Array.from({ length: height * width }, (_, i) => (i % width < from ? 0 : 1));
  return { shape: [height, width, 1], data };
}

test("every pixel of the picture has the class of the highest score, whatever the picture's size is", async () => {
  using segmenter = segmenterOf(NET, { names: ["lamp"] });
  const { height, width, labels, classes } = await segmenter.segment(half(4, 4, 2));
  expect([height, width]).toEqual([4, 4]);
  expect([...labels]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]);
  expect(classes).toEqual([
    { label: 0, name: "background", pixels: 8, share: 0.5 },
    { label: 1, name: "lamp", pixels: 8, share: 0.5 },
  ]);
  const large = await segmenter.segment(half(6, 12, 6));
  expect(large.labels.length).toBe(72);
  expect([...large.labels.subarray(0, 12)]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  expect(large.classes.map(({ pixels }) => pixels)).toEqual([36, 36]);
});

test("scores of a coarse map are interpolated, not classes", async () => {
  using segmenter = segmenterOf(NET);
  // Cells 0 and 0.78 with centres at 1 and 3: above 0.5 from 1 + 2 · 0.5/0.78 = 2.28 on, so pixels 3 of 4, and 5 of 8 on.
  const dim: FloatImage = { ...half(4, 4, 2), data: half(4, 4, 2).data.map((x) => 0.78 * x) };
  expect([...(await segmenter.segment(dim)).labels.subarray(0, 4)]).toEqual([0, 0, 1, 1]);
  const fine: FloatImage = { ...half(8, 8, 4), data: half(8, 8, 4).data.map((x) => 0.78 * x) };
  const { labels } = await segmenter.segment(fine);
  // Middles of pixels are at 0.25, 0.75, … of the input: the first above 2.28 is 2.75, number 5.
  expect([...labels.subarray(0, 8)]).toEqual([0, 0, 0, 0, 0, 1, 1, 1]);
});

test("a picture is fitted, or taken as it is", async () => {
  using fitted = segmenterOf(NET, { resize: "fit", rawScale: 2 });
  const { labels } = await fitted.segment(half(2, 4, 2));
  expect([...labels]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  using asItIs = segmenterOf(NET, { resize: "none" });
  const { height, width } = await asItIs.segment(half(6, 10, 4));
  expect([height, width]).toEqual([6, 10]);
  expect(asItIs.net.blob("data").shape).toEqual([1, 1, 6, 10]);
});

test("numbers of an ArgMax and the Sigmoid of a single class are maps too", async () => {
  using best = segmenterOf(
    `${NET} layer { name: "best" type: "ArgMax" bottom: "score" top: "best" argmax_param { axis: 1 } }`,
    { names: ["dark", "bright"] },
  );
  const { labels, classes } = await best.segment(half(4, 4, 2));
  expect([...labels.subarray(0, 4)]).toEqual([0, 0, 1, 1]);
  expect(classes.map(({ name }) => name)).toEqual(["dark", "bright"]);
  using only = segmenterOf(
    `${NET.replace("num_output: 2", "num_output: 1")} layer { name: "p" type: "Sigmoid" bottom: "score" top: "p" }`,
  );
  expect([...(await only.segment(half(4, 4, 2))).labels.subarray(0, 4)]).toEqual([0, 0, 1, 1]);
});

test("NaN has no class but the first", async () => {
  using segmenter = segmenterOf(NET);
  segmenter.net.params.get("score")?.[1]?.data.fill(Number.NaN);
  expect(new Set((await segmenter.segment(half(4, 4, 2))).labels)).toEqual(new Set([0]));
});

test("what does not fit is refused", async () => {
  const said = (text: string, options: SegmenterOptions = {}): string => {
    try {
      new Segmenter(parsePrototxt("NetParameter", text), options).close();
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  const pool =
    'layer { name: "p" type: "Pooling" bottom: "data" top: "p" pooling_param { pool: AVE global_pooling: true } }';
  expect(said(`${INPUT}${pool}`)).toMatch(/ends in p \(1,1,1,1\)\. Expected scores of pixels/);
  expect(said(NET.replace("num_output: 2", "num_output: 1"))).toMatch(
    /is made by Convolution\. Expected scores of two classes or more/,
  );
  const second = NET.replaceAll(/"(cell|score)"/g, '"$1 2"').replace(INPUT, "");
  expect(said(NET + second)).toMatch(/several outputs of pixels: score .*, score 2/);
  expect(said(NET + second, { output: "score 2" })).toBe("");
  expect(said(NET, { output: "data" })).toMatch(/is made by Input/);
  expect(said(NET, { names: ["a"], inputSize: [4, 4], output: "none" })).toMatch(
    /has no blob "none"/,
  );
  expect(said(NET, { names: ["a", "b", "c"] })).toMatch(/3 names of classes for a net of 2/);
  using segmenter = segmenterOf(NET);
  await expect(segmenter.segment("nowhere.png")).rejects.toThrow("no such file");
});
