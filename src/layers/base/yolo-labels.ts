import type { Blob } from "../../blob/blob.ts";
import type { CenterBox } from "./yolo-boxes.ts";

/** One box of an image that is to be found. */
export interface Truth {
  /** From 0 on. */
  readonly label: number;
  readonly box: CenterBox;
}

type Fail = (sample: number, message: string) => never;

/**
 * The boxes of every image, of N×1×G×5 labels [class, x, y, width, height], shares of the image, classes from 0 on. A list
 * ends at x = 0; `endsAt: 3` ends it at width = 0, as the second look at a list does.
 *
 * @param fail ends with a LayerError about that sample
 */
export function centerLabels(blob: Blob, classes: number, endsAt: 1 | 3, fail: Fail): Truth[][] {
  const values = blob.dataMem.cpu();
  const each = blob.count(1);
  return Array.from({ length: blob.shape[0] ?? 0 }, (_, image) => {
    const truths: Truth[] = [];
    for (let at = image * each; at < (image + 1) * each; at += 5) {
      if (values[at + endsAt] === 0) break;
      const truth = {
        label: Math.trunc(values[at]!),
        box: [values[at + 1]!, values[at + 2]!, values[at + 3]!, values[at + 4]!] as const,
      };
      if (endsAt === 3) checkTruth(truth, classes, image, fail);
      truths.push(truth);
    }
    return truths;
  });
}

/**
 * The boxes of every image, of 1×1×G×8 labels [image, class, instance, xmin, ymin, xmax, ymax, difficult], classes from 1
 * on; rows whose image is −1 are passed over.
 */
export function cornerLabels(blob: Blob, images: number, classes: number, fail: Fail): Truth[][] {
  const values = blob.dataMem.cpu();
  const truths: Truth[][] = Array.from({ length: images }, () => []);
  for (let at = 0; at < blob.count(); at += 8) {
    const image = Math.trunc(values[at]!);
    if (image === -1) continue;
    const of = truths[image];
    if (!of) {
      return fail(
        0,
        `row ${at / 8} of the labels is of image ${values[at]}. Expected 0 to ${images - 1}, or -1.`,
      );
    }
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = values.subarray(at + 3, at + 7);
    const { fround } = Math;
    const truth = {
      label: Math.trunc(values[at + 1]!) - 1,
      box: [
        fround(fround(x0 + x1) / 2),
        fround(fround(y0 + y1) / 2),
        fround(x1 - x0),
        fround(y1 - y0),
      ] as const,
    };
    checkTruth(truth, classes, image, fail);
    of.push(truth);
  }
  return truths;
}

function checkTruth({ label, box }: Truth, classes: number, image: number, fail: Fail): void {
  const [x, y, width, height] = box;
  if (!(label >= 0 && label < classes)) {
    fail(image, `a box has class ${label}. Expected 0 to ${classes - 1}, of num_class ${classes}.`);
  }
  if (!(x >= 0 && x < 1 && y >= 0 && y < 1 && width > 0 && height > 0)) {
    fail(
      image,
      `a box has its middle at ${x}, ${y} and size ${width} × ${height}. Expected a middle within the image, from 0 to 1, and a size above 0.`,
    );
  }
}
