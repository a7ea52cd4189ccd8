import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import type { TestObject } from "../base/test-counts.ts";
import { boxAt } from "./boxes.ts";

/** An object that a label tells of. */
export type Truth = TestObject;

/** The numbers of a row: image, label, instance, four edges, difficult. */
const ROW = 8;

/**
 * Reads labels as AnnotatedData makes them, 1×1×G×8, by image; a row whose image is −1 is none.
 *
 * @param endsAtNone whether such a row ends the list
 * @param fail called where a row names the background
 */
export function truthsOf(
  blob: Blob,
  background: number,
  usesDifficult: boolean,
  fail: (message: string) => never,
  endsAtNone = false,
): Map<number, Truth[]> {
  const values = blob.dataMem.cpu();
  const images = new Map<number, Truth[]>();
  for (let row = 0; row < blob.count() / ROW; row++) {
    const at = row * ROW;
    const image = Math.trunc(values[at]!);
    if (image === -1) {
      if (endsAtNone) break;
      continue;
    }
    const label = Math.trunc(values[at + 1]!);
    if (label === background) {
      fail(`row ${row} of the labels has label ${label}, the background. Expected an object's.`);
    }
    const isDifficult = values[at + 7]! !== 0;
    if (isDifficult && !usesDifficult) continue;
    const truths = images.get(image) ?? [];
    images.set(image, truths);
    truths.push({ label, box: boxAt(values, at + 3), isDifficult });
  }
  return images;
}

/** Looks that a blob has rows of labels. */
export function checkTruthShape(blob: Blob, fail: (message: string) => never): void {
  if (blob.shape.length === 4 && blob.shape[3] === ROW && blob.count(0, 2) === 1) return;
  fail(`labels have shape ${shapeText(blob.shape)}. Expected (1,1,G,8): a row for each object.`);
}
