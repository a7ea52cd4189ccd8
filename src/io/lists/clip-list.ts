import { LABEL_RANGE, labelOf } from "./label.ts";
import { type LineList, lineAt, readLineList } from "./line-list.ts";

/** A line of a list of clips. */
export interface ListedClip {
  /** Where its frames are. */
  readonly folder: string;
  /** The first frame's number, or how many frames there are. */
  readonly number: number;
  readonly labels: readonly number[];
  /** Which line of the list it is, from 1 on. */
  readonly line: number;
}

/** The greatest number that a line may hold, as Caffe reads it. */
const MOST = 2 ** 31 - 1;

/** What the lines of a list hold beside a folder. */
export interface ClipColumns {
  readonly number: "first" | "frames";
  /** How many labels there are where a line may have several, `3,17,20`; undefined where each has one. */
  readonly labels: number | undefined;
}

/**
 * Reads a list of clips, a folder of frames, a number and a label on each line, into shared memory.
 *
 * @throws FileError where it cannot be read; FormatError where it lists nothing, or a line has other columns
 */
export function readClipList(source: string, { number, labels }: ClipColumns): LineList {
  const [least, what] = number === "first" ? [0, "first-frame"] : [1, "frames"];
  const columns = `\`folder ${what} ${labels === undefined ? "label" : "label,label"}\``;
  return readLineList(source, `${columns} on each line`, (words) => {
    const [, given = "", label = ""] = words;
    if (words.length !== 3) {
      return `${words.length} ${words.length === 1 ? "word" : "words"}. Expected ${columns}, three words with blanks between: paths have none.`;
    }
    const count = labelOf(given);
    if (count === undefined || count < least) {
      return `${what} is "${given}". Expected a whole number from ${least} to ${MOST}.`;
    }
    const wrong = labelsOf(label, labels).find(([, value]) => value === undefined);
    if (!wrong) return undefined;
    return `label "${wrong[0]}" is not a whole number ${labels === undefined ? LABEL_RANGE : `from 0 to ${labels - 1}, as num_of_labels has it`}. Expected one.`;
  });
}

/** Clip number `index` of a list. */
export function clipAt(list: LineList, index: number): ListedClip {
  const { words, line } = lineAt(list, index);
  const [folder = "", number = "", label = ""] = words;
  return { folder, number: Number(number), labels: label.split(",").map(Number), line };
}

/** The words of a line's labels, and what each is. */
function labelsOf(
  text: string,
  count: number | undefined,
): readonly (readonly [word: string, label: number | undefined])[] {
  const words = count === undefined ? [text] : text.split(",");
  return words.map((word) => {
    const label = labelOf(word);
    const isOne = label !== undefined && (count === undefined || (label >= 0 && label < count));
    return [word, isOne ? label : undefined];
  });
}
