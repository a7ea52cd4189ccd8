import { FileError } from "../../util/errors.ts";
import { readText } from "../files/read-file.ts";
import { parsePrototxt } from "../text/prototxt.ts";

/**
 * Reads the names of labels from a label map, `item { name: … label: … }`.
 * @throws FileError where there is none, or a label has two names
 */
export function readLabelNames(path: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const { label = 0, name = "" } of itemsOf(path)) {
    if (names.has(label)) {
      throw new FileError(
        `${path}: label ${label} has two names, ${names.get(label)} and ${name}.`,
      );
    }
    names.set(label, name);
  }
  return names;
}

/**
 * Reads the labels of names from a label map; of a name that comes twice the last.
 * @param isStrict whether a name that comes twice is an error
 * @throws FileError where there is none, or a name comes twice
 */
export function readNameLabels(path: string, isStrict: boolean): ReadonlyMap<string, number> {
  const labels = new Map<string, number>();
  for (const { label = 0, name = "" } of itemsOf(path)) {
    if (isStrict && labels.has(name)) {
      throw new FileError(
        `${path}: there are many duplicates of name: "${name}", labels ${labels.get(name)} and ${label}. Expected each name once.`,
      );
    }
    labels.set(name, label);
  }
  return labels;
}

/** Values of a mask's pixels. */
const MASK_VALUES = 256;

/**
 * Reads of which class pixels of masks are: those of the value `label` of class `label_id`, 1 or more, 0 for none; of class `label`
 * where no item has a label_id. Labels below 0 are of no pixels.
 *
 * @throws FileError where there is none, a label or a class is more than a byte, or none is above 0
 */
export function readMaskClasses(path: string): {
  readonly classes: number;
  readonly classOf: readonly number[];
} {
  const items = itemsOf(path);
  const hasIds = items.some(({ label_id }) => label_id !== undefined);
  const classOf = new Array<number>(MASK_VALUES).fill(0);
  for (const { name = "", label = 0, label_id = hasIds ? 0 : label } of items) {
    if (label < 0) continue;
    if (label >= MASK_VALUES || label_id < 0 || label_id >= MASK_VALUES) {
      throw new FileError(
        `${path}: "${name}" has label ${label} and label_id ${label_id}. Expected 0 to ${MASK_VALUES - 1}: a mask's pixels are bytes.`,
      );
    }
    classOf[label] = label_id;
  }
  const classes = Math.max(...classOf);
  if (classes > 0) return { classes, classOf };
  throw new FileError(
    `${path}: it names no class above 0. Expected item { name: "…" label: … label_id: 1 }.`,
  );
}

/** The items of a label map. */
function itemsOf(path: string): NonNullable<ReturnType<typeof parsePrototxt<"LabelMap">>["item"]> {
  return parsePrototxt("LabelMap", readText(path, "label_map_file"), path).item ?? [];
}
