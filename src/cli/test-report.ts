import {
  type ClassNames,
  labelMapOf,
  maskMapOf,
  nameOfLabel,
  namesFor,
  readClassNames,
  readMaskNames,
} from "../inference/class-names.ts";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import type { PixelScores } from "../net/evaluation/pixel-scores.ts";
import type { TestScore } from "../net/evaluation/test-scores.ts";
import type { Net } from "../net/net.ts";
import { confusionCsv } from "../report/write/confusion-csv.ts";
import { CaffeError } from "../util/errors.ts";
import { numberText } from "../util/log.ts";

/** What a label is called, in a net whose last label is given. */
type NameOf = (label: number, last: number) => string;

/** Names of labels: those asked for, or those of the label map that a layer of the net names, if it is there. */
export function namesOf(net: Net, given: string | undefined): NameOf {
  const names = classNamesOf(net, given);
  return (label, last) => nameOfLabel(namesFor(names, last + 1), label);
}

/** The names asked for, or those of the label map that a layer of the net names, if it is there. */
export function classNamesOf(net: Net, given: string | undefined): ClassNames | undefined {
  const source = given ?? labelMapOf(net.layers.map(({ param }) => param));
  return source === undefined ? undefined : readClassNames(source);
}

/** What confusions of classes say: means over the classes that are there, and a line for each. */
export function sayPixels(
  confusions: ReadonlyMap<string, PixelScores>,
  nameOf: NameOf,
  say: (message: string) => void,
): void {
  for (const [name, pixels] of confusions) {
    const classes = pixels.classes();
    const meanOf = (values: readonly number[]): string => {
      const known = values.filter((value) => !Number.isNaN(value));
      return numberText(known.reduce((sum, value) => sum + value, 0) / known.length);
    };
    const iou = meanOf(classes.map((one) => one.iou));
    const recall = meanOf(classes.map((one) => one.recall));
    const accuracy = numberText(pixels.accuracy());
    say(`${name}: mean IoU = ${iou}, pixel accuracy = ${accuracy}, mean recall = ${recall}`);
    for (const { label, places, recall: own, iou: overlap } of classes) {
      const title = nameOf(label, classes.length - 1);
      say(
        `    ${title}: IoU = ${numberText(overlap)}, recall = ${numberText(own)} (${places} pixels)`,
      );
    }
  }
}

/** What masks say: a line for each class, by the names that were asked for or that the label map of the net's data has. */
export function sayMasks(
  net: Net,
  given: string | undefined,
  masks: NonNullable<TestScore["masks"]>,
  say: (message: string) => void,
): void {
  const source = given ?? maskMapOf(net.layers.map(({ param }) => param));
  const names = namesFor(
    source === undefined ? undefined : readMaskNames(source),
    masks.length + 1,
  );
  for (const { label, iou, images } of masks) {
    say(`    ${nameOfLabel(names, label + 1)}: IoU = ${numberText(iou)} (${images} images)`);
  }
}

/**
 * Writes a confusion as CSV: a row for each class that labels name, how often it was taken for each, the last of several
 * confusions, which is that of the net's last layer with one.
 *
 * @returns whose it is
 * @throws CaffeError where there is none, FileError where the file cannot be written
 */
export function writeConfusion(
  path: string,
  confusions: ReadonlyMap<string, PixelScores>,
  nameOf: NameOf,
): string {
  const [name, confusion] = [...confusions].at(-1) ?? [];
  if (name === undefined || !confusion) {
    throw new CaffeError(
      "--confusion: the net compares no scores of classes with labels. Expected SoftmaxWithLoss, Accuracy or SegAccuracy, or outputs of scores and labels.",
    );
  }
  const rows = confusion.rows();
  const names = rows.map((_, label) => nameOf(label, rows.length - 1));
  writeFileAtomically(
    path,
    confusionCsv(names, (label) => rows[label] ?? []),
  );
  return name;
}
