import type { Blob } from "../../blob/blob.ts";
import { boxAt } from "../detection/boxes.ts";
import type { Truth } from "../detection/ground-truth.ts";

/** The numbers of a row: image, four edges, label, ignored, difficult. */
const ROW = 8;

/**
 * Reads objects as Cascade R-CNN has them, G×8 in pixels of the net's input, by image; a row whose image is −1 is none.
 * @param fail called where a label is no object's
 */
export function truthsInPixels(blob: Blob, fail: (message: string) => never): Map<number, Truth[]> {
  const values = blob.dataMem.cpu();
  const images = new Map<number, Truth[]>();
  for (let at = 0; at < blob.count(); at += ROW) {
    const [image, label] = [Math.trunc(values[at]!), Math.trunc(values[at + 5]!)];
    if (image === -1) continue;
    if (!(label > 0))
      fail(`row ${at / ROW} of the objects has label ${label}. Expected 1 or more.`);
    const truths = images.get(image) ?? [];
    images.set(image, truths);
    truths.push({ label, box: boxAt(values, at + 1), isDifficult: values[at + 7]! !== 0 });
  }
  return images;
}
