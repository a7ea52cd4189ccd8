// Detection of faces in a photograph with MTCNN: three nets, each looking closer at what the one before it proposes.
//
//     npx tsx examples/notebooks/detection-faces.ts photo.jpg FOLDER
//
// The folder holds det1, det2 and det3, .prototxt and .caffemodel, as the authors publish them (MIT licence) at
// github.com/kpzhang93/MTCNN_face_detection_alignment, in code/codes/MTCNNv2/model.
//
// K. Zhang, Z. Zhang, Z. Li, Y. Qiao, "Joint face detection and alignment using multi-task cascaded convolutional
// networks", IEEE Signal Processing Letters 23 (2016).
import { join } from "node:path";
import { type Detection, Detector, io, Net, suppress } from "caffe-ts";

/** The files of one of the three nets. */
export interface ModelFiles {
  readonly net: string;
  readonly weights: string;
}

/** A face: where it is, how sure that is, and eyes, nose and corners of the mouth as (x, y). */
export interface Face {
  readonly box: io.Box;
  readonly score: number;
  readonly landmarks: readonly (readonly [x: number, y: number])[];
}

interface Candidate {
  readonly box: io.Box;
  readonly score: number;
}

/** How a candidate is kept: by its score, and by how much it overlaps a better one. */
const scoreOf = ({ score }: Candidate): number => score;
const boxOf = ({ box }: Candidate): io.Box => box;

/** The nets were trained in MATLAB, where columns come first, on values from -1 to 1. */
const preparation = {
  transpose: [2, 1, 0],
  rawScale: 255,
  mean: [127.5, 127.5, 127.5],
  inputScale: 1 / 128,
} as const;

/** Smallest face that is looked for, and how much smaller each image of the pyramid is than the one before it. */
const SMALLEST = 20;
const FACTOR = 0.709;

export async function findFaces(
  image: io.FloatImage,
  [proposal, refinement, output]: readonly [ModelFiles, ModelFiles, ModelFiles],
): Promise<Face[]> {
  const [height, width] = image.shape;

  // 1. The first net is fully convolutional: it goes over the image at many sizes, and every cell of its map is a
  //    window of 12×12.
  using pNet = new Net(proposal.net, { weights: proposal.weights });
  let candidates: Candidate[] = [];
  for (let scale = 12 / SMALLEST; Math.min(height, width) * scale >= 12; scale *= FACTOR) {
    const [h, w] = [Math.ceil(height * scale), Math.ceil(width * scale)];
    const transformer = new io.Transformer([1, 3, w, h], preparation);
    const outputs = await pNet.forward<"prob1" | "conv4-2">({
      data: [transformer.preprocess(image)],
    });
    candidates.push(...suppress(cells(outputs, scale), scoreOf, boxOf, 0.5));
  }
  candidates = suppress(candidates, scoreOf, boxOf, 0.7);

  // 2. The second net looks at each candidate at 24×24, drops most, and moves the others.
  using rNet = new Detector(refinement.net, {
    weights: refinement.weights,
    scores: "prob1",
    ...preparation,
  });
  const refined = await rNet.detectWindows([
    { image, windows: candidates.map(({ box }) => square(box, height, width)) },
  ]);
  candidates = suppress(
    refined.filter(({ scores }) => (scores[1] ?? 0) > 0.7).map((one) => corrected(one, "conv5-2")),
    scoreOf,
    boxOf,
    0.7,
  );

  // 3. The third looks at 48×48, and tells where eyes, nose and mouth are.
  using oNet = new Detector(output.net, {
    weights: output.weights,
    scores: "prob1",
    ...preparation,
  });
  const looked = await oNet.detectWindows([
    { image, windows: candidates.map(({ box }) => square(box, height, width)) },
  ]);
  const faces = looked
    .filter(({ scores }) => (scores[1] ?? 0) > 0.7)
    .map((one) => ({ ...corrected(one, "conv6-2"), landmarks: landmarksOf(one) }));
  return suppress(faces, scoreOf, boxOf, 0.4);
}

/** The windows of the first net's map that may show a face. */
function cells(
  {
    prob1,
    "conv4-2": moves,
  }: Readonly<
    Record<
      "prob1" | "conv4-2",
      { at(...index: number[]): number; readonly shape: readonly number[] }
    >
  >,
  scale: number,
): Candidate[] {
  const found: Candidate[] = [];
  const [, , columns = 0, rows = 0] = prob1.shape;
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < rows; y++) {
      const score = prob1.at(0, 1, x, y);
      if (score < 0.6) continue;
      const [left, top] = [(2 * x) / scale, (2 * y) / scale];
      const box = { left, top, right: left + 12 / scale, bottom: top + 12 / scale };
      found.push({ box: moved(box, (k) => moves.at(0, k, x, y)), score });
    }
  }
  return found;
}

/** A box whose sides a net has moved, by shares of its width and height: left, top, right, bottom. */
function moved(box: io.Box, move: (k: number) => number): io.Box {
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  return {
    left: box.left + move(0) * width,
    top: box.top + move(1) * height,
    right: box.right + move(2) * width,
    bottom: box.bottom + move(3) * height,
  };
}

function corrected({ window, scores, outputs }: Detection, moves: string): Candidate {
  return { box: moved(window, (k) => outputs[moves]?.[k] ?? 0), score: scores[1] ?? 0 };
}

/** Five points: all x first, then all y, as shares of the window. */
function landmarksOf({ window, outputs }: Detection): [number, number][] {
  const shares = outputs["conv6-3"] ?? [];
  return Array.from({ length: 5 }, (_, k) => [
    window.left + (shares[k] ?? 0) * (window.right - window.left),
    window.top + (shares[k + 5] ?? 0) * (window.bottom - window.top),
  ]);
}

/** The square about a box, whole pixels, within the image. */
function square(box: io.Box, height: number, width: number): io.Box {
  const side = Math.max(box.right - box.left, box.bottom - box.top);
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const within = (value: number, most: number): number =>
    Math.min(most, Math.max(0, Math.round(value)));
  const [left, top] = [within(x - side / 2, width - 2), within(y - side / 2, height - 2)];
  return {
    left,
    top,
    right: Math.max(left + 2, within(x + side / 2, width)),
    bottom: Math.max(top + 2, within(y + side / 2, height)),
  };
}

const [, program, photo, folder] = process.argv;
if (program?.endsWith("detection-faces.ts")) {
  if (photo === undefined || folder === undefined) {
    console.error("usage: npx tsx examples/notebooks/detection-faces.ts PHOTO FOLDER");
    process.exit(1);
  }
  const files = (name: string): ModelFiles => ({
    net: join(folder, `${name}.prototxt`),
    weights: join(folder, `${name}.caffemodel`),
  });
  const image = await io.loadImage(photo);
  for (const { box, score } of await findFaces(image, [
    files("det1"),
    files("det2"),
    files("det3"),
  ])) {
    const [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom].map(Math.round);
    console.log(`${score.toFixed(3)} rows ${top}-${bottom}, columns ${left}-${right}`);
  }
}
