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

/** The items of a label map. */
function itemsOf(path: string): NonNullable<ReturnType<typeof parsePrototxt<"LabelMap">>["item"]> {
  return parsePrototxt("LabelMap", readText(path, "label_map_file"), path).item ?? [];
}
