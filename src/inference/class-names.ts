import { fileExists } from "../io/files/file-system.ts";
import { readText } from "../io/files/read-file.ts";
import type { LayerParameter } from "../io/proto/caffe.ts";
import { parsePrototxt } from "../io/text/prototxt.ts";
import { CaffeError, FileError } from "../util/errors.ts";
import { readLabels } from "./choice.ts";
import { CITYSCAPES_NAMES, COCO_IDS, COCO_NAMES, VOC_NAMES } from "./known-classes.ts";

/** Names of classes by their numbers, or a list of them. */
export type ClassNames = ReadonlyMap<number, string> | readonly string[];

/**
 * Names of classes: of a label map (`item { name: … label: … display_name: … }`, as SSD has them), of a text file with a name
 * a line, or those of PASCAL VOC, COCO or Cityscapes by the words `voc`, `coco` and `cityscapes`.
 *
 * @throws FileError, PrototxtError where the file cannot be read, or gives a label two names
 */
export function readClassNames(source: string): ClassNames {
  if (source === "voc") return VOC_NAMES;
  if (source === "coco") return COCO_NAMES;
  if (source === "cityscapes") return CITYSCAPES_NAMES;
  const text = readText(source, "label map");
  if (!isLabelMap(text)) return readLabels(source);
  const names = new Map<number, string>();
  for (const { label = 0, name = "", display_name } of parsePrototxt("LabelMap", text, source)
    .item ?? []) {
    const before = names.get(label);
    if (before !== undefined) {
      throw new FileError(`${source}: label ${label} has two names, ${before} and ${name}.`);
    }
    names.set(label, display_name || name);
  }
  return names;
}

/**
 * The names of a net's labels.
 *
 * @param given a map, or a list that begins with the background's name or with that of label 1
 * @param count how many labels the net has, the background's counted
 * @throws CaffeError where a list has another length
 */
export function namesFor(
  given: ClassNames | undefined,
  count: number,
): ReadonlyMap<number, string> {
  if (given === undefined) return new Map();
  if (!Array.isArray(given)) return given as ReadonlyMap<number, string>;
  const first = count - given.length;
  if (first === 0 || first === 1) {
    return new Map([[0, "background"], ...given.map((name, i) => [first + i, name] as const)]);
  }
  throw new CaffeError(
    `${given.length} names of classes for a net of ${count} labels. Expected ${count}, the background's first, or ${count - 1} without it.`,
  );
}

/** The names of all labels, by rising label; see `namesFor`. */
export function listOfNames(given: ClassNames | undefined, count: number): string[] {
  const names = namesFor(given, count);
  return Array.from({ length: count }, (_, label) => nameOfLabel(names, label));
}

/** What a class is called where nobody says more. */
export function nameOfLabel(names: ReadonlyMap<number, string>, label: number): string {
  return names.get(label) ?? `class ${label}`;
}

/**
 * The numbers that COCO's annotations give the classes, by label: those of `coco`, or the names of a label map that are
 * numbers, as SSD's for COCO; undefined where there are none, and the labels are the numbers.
 */
export function categoryIds(source: string | undefined): ReadonlyMap<number, number> | undefined {
  if (source === "coco") return new Map(COCO_IDS.map((id, i) => [i + 1, id]));
  if (source === undefined || ["voc", "cityscapes"].includes(source)) return undefined;
  const text = readText(source, "label map");
  if (!isLabelMap(text)) return undefined;
  const ids = (parsePrototxt("LabelMap", text, source).item ?? [])
    .filter(({ name = "" }) => /^\d+$/.test(name))
    .map(({ label = 0, name = "" }) => [label, Number(name)] as const);
  return ids.length > 0 ? new Map(ids) : undefined;
}

/** The label map that a net's layers name, for what they write or else for their data, where its file is there. */
export function labelMapOf(layers: readonly LayerParameter[]): string | undefined {
  const written = layers.map(
    ({ detection_output_param: param }) => param?.save_output_param?.label_map_file ?? "",
  );
  return firstThere(written) ?? maskMapOf(layers);
}

/** The label map that a net's layers name for their data, where its file is there: of masks, where they have any. */
export function maskMapOf(layers: readonly LayerParameter[]): string | undefined {
  return firstThere(layers.map(({ annotated_data_param: param }) => param?.label_map_file ?? ""));
}

function firstThere(files: readonly string[]): string | undefined {
  return files.find((file) => file !== "" && fileExists(file));
}

/**
 * Names of the classes of masks, as `readClassNames`; where a label map has a `label_id`, the names of all of its items.
 * @throws FileError, PrototxtError where the file cannot be read
 */
export function readMaskNames(source: string): ClassNames {
  if (!fileExists(source)) return readClassNames(source);
  const text = readText(source, "label map");
  const items = isLabelMap(text) ? (parsePrototxt("LabelMap", text, source).item ?? []) : [];
  const names = new Map<number, string>();
  for (const { label_id, name = "", display_name } of items) {
    if (label_id === undefined) continue;
    const before = names.get(label_id);
    names.set(label_id, [...(before ? [before] : []), display_name || name].join(", "));
  }
  return names.size > 0 ? names : readClassNames(source);
}

function isLabelMap(text: string): boolean {
  return /^\s*item\s*\{/m.test(text);
}
