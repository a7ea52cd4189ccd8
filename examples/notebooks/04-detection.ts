// Detection (R-CNN): a net that classifies looks at windows of an image, and the best windows are what it found.
//
// Caffe's notebook takes the R-CNN of ILSVRC 2013 and windows from selective search; `readWindows` reads such a list.
// Here clothes lie about on a canvas, a net has learned clothes and empty ground, and the windows are a grid.
// For faces in photographs see detection-faces.ts.
import { join } from "node:path";
import { type Detection, Detector, io, L, NetSpec, overlap, Solver, suppress } from "caffe-ts";
import {
  CLOTHES,
  fashion,
  feed,
  ifProgram,
  imageOf,
  lenet,
  memory,
  PIXELS,
  type Run,
  type Samples,
  SIDE,
} from "./notebook.ts";

/** What lies where, and what was found. */
export interface Found {
  readonly truth: readonly { readonly box: io.Box; readonly label: number }[];
  readonly found: readonly {
    readonly box: io.Box;
    readonly label: number;
    readonly score: number;
  }[];
}

/** The class behind the clothes: nothing whole is in the window. */
const GROUND = CLOTHES.length;
const CANVAS = 112;

export async function detection({ isShort, folder, say }: Run): Promise<Found> {
  // 1. Learn clothes, and what a window shows that has none in its middle.
  const weights = join(folder, "detector.caffemodel");
  const [data, label] = memory(64);
  const score = lenet(data, GROUND + 1);
  const net_param = new NetSpec({ score, loss: L.SoftmaxWithLoss(score, label) }).toProto();
  using solver = new Solver({
    net_param,
    base_lr: 0.01,
    lr_policy: "fixed",
    momentum: 0.9,
    random_seed: 2,
  });
  feed(solver.net, withGround(fashion("train", isShort ? 4_800 : 19_200)));
  await solver.step(isShort ? 250 : 900);
  solver.net.save(weights);

  // 2. A canvas with three things on it, and proposals: every window of their size, four pixels apart.
  const { canvas, truth } = scene(fashion("t10k", 100));
  await io.saveImage(join(folder, "canvas.png"), canvas);
  const windows: io.Box[] = [];
  for (let top = 0; top + SIDE <= CANVAS; top += 4) {
    for (let left = 0; left + SIDE <= CANVAS; left += 4) {
      windows.push({ top, left, bottom: top + SIDE, right: left + SIDE });
    }
  }

  // 3. Score them all, and keep the best of those that overlap.
  const input = L.Input({ shape: { dim: [64, 1, SIDE, SIDE] } });
  const classes = lenet(input, GROUND + 1);
  const deploy = new NetSpec({ data: input, score: classes, prob: L.Softmax(classes) }).toProto();
  using detector = new Detector(deploy, { weights });
  const detections = await detector.detectWindows([{ image: canvas, windows }]);
  const best = (detection: Detection): number => Math.max(...detection.scores.slice(0, GROUND));
  const kept = suppress(
    detections.filter((one) => best(one) > 0.6),
    best,
    ({ window }) => window,
    0.1,
  );
  const found = kept.map((one) => ({
    box: one.window,
    label: one.scores.indexOf(best(one)),
    score: best(one),
  }));
  for (const { box, label: kind, score: share } of found) {
    const at = truth.find((thing) => overlap(thing.box, box) > 0.4);
    say(
      `${share.toFixed(3)} ${CLOTHES[kind]} at row ${box.top}, column ${box.left}${at ? `; there: ${CLOTHES[at.label]}` : ""}`,
    );
  }
  return { truth, found };
}

/** Beside each image one of ground: half of it empty, half the image moved half out of sight. */
function withGround({ count, images, labels }: Samples): Samples {
  const all = new Float32Array(2 * count * PIXELS);
  const kinds = new Uint8Array(2 * count);
  for (let i = 0; i < count; i++) {
    const image = images.subarray(i * PIXELS, (i + 1) * PIXELS);
    all.set(image, 2 * i * PIXELS);
    kinds[2 * i] = labels[i] ?? 0;
    const moved = all.subarray((2 * i + 1) * PIXELS, (2 * i + 2) * PIXELS);
    kinds[2 * i + 1] = GROUND;
    if (i % 4 === 0) continue;
    const [dy, dx] = [
      [14, 0],
      [0, 14],
      [-14, 0],
      [0, -14],
      [12, 12],
      [-12, -12],
      [12, -12],
      [-12, 12],
    ][i % 8] as [number, number];
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const [fromY, fromX] = [y + dy, x + dx];
        const isInside = fromY >= 0 && fromY < SIDE && fromX >= 0 && fromX < SIDE;
        moved[y * SIDE + x] = isInside ? (image[fromY * SIDE + fromX] ?? 0) : 0;
      }
    }
  }
  return { count: 2 * count, images: all, labels: kinds };
}

function scene(things: Samples): { canvas: io.FloatImage } & Pick<Found, "truth"> {
  const data = new Float32Array(CANVAS * CANVAS);
  const truth = [
    [8, 12],
    [20, 72],
    [72, 36],
  ].map(([top = 0, left = 0], k) => {
    const index = things.labels.indexOf([9, 1, 8][k] ?? 0);
    const image = imageOf(things, index);
    for (let y = 0; y < SIDE; y++) {
      data.set(image.subarray(y * SIDE, (y + 1) * SIDE), (top + y) * CANVAS + left);
    }
    return {
      box: { top, left, bottom: top + SIDE, right: left + SIDE },
      label: things.labels[index] ?? 0,
    };
  });
  return { canvas: { shape: [CANVAS, CANVAS, 1], data }, truth };
}

await ifProgram(import.meta, detection);
