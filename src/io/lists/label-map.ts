import { FileError } from "../../util/errors.ts";
import { readText } from "../files/read-file.ts";
import { parsePrototxt } from "../text/prototxt.ts";

/**
 * Reads the names of labels from a label map, `item { name: … label: … }`.
 * @throws FileError where there is none, or a label has two names
 */
export function readLabelNames(path: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const map = parsePrototxt("LabelMap", readText(path, "label_map_file"), path);
  for (const { label = 0, name = "" } of map.item ?? []) {
    if (names.has(label)) {
      throw new FileError(
        `${path}: label ${label} has two names, ${names.get(label)} and ${name}.`,
      );
    }
    names.set(label, name);
  }
  return names;
}
