import { FormatError } from "../../util/errors.ts";
import { fileNames, isDirectory } from "../files/file-system.ts";
import { readText } from "../files/read-file.ts";
import { cocoCategories, vocNames } from "../lists/annotation-file.ts";
import { LABEL_RANGE, labelOf } from "../lists/label.ts";
import type { LabelMapItem } from "../proto/caffe.ts";

/** What a label map is made of. */
interface LabelMapOptions {
  /** A list of names, COCO's JSON, or a folder of VOC's XML. */
  readonly source: string;
  /** Whether label 0 is the background; COCO's and VOC's labels begin at 1 in any case. */
  readonly includeBackground: boolean;
  /** What stands between the words of a list: any one of these characters. */
  readonly delimiter: string;
}

const BACKGROUND: LabelMapItem = {
  name: "none_of_the_above",
  label: 0,
  display_name: "background",
};

/**
 * Makes a label map, as SSD's create_label_map: of a list with `name`, `name label` or `name label display-name` on each
 * line; of COCO's file, whose categories are named by their ids and counted from 1; or of the names in a folder of VOC's
 * files, in the order of the alphabet.
 *
 * @throws FileError, FormatError where it cannot be read, or lines are of several kinds
 */
export function makeLabelMap(options: LabelMapOptions): LabelMapItem[] {
  const { source, includeBackground } = options;
  if (source.toLowerCase().endsWith(".json")) {
    const categories = cocoCategories(source);
    checkDifferent(source, categories);
    const items = categories.map(({ id, name }, i) => ({
      name: id,
      label: i + 1,
      display_name: name,
    }));
    return [BACKGROUND, ...items];
  }
  if (isDirectory(source)) {
    const xml = fileNames(source).filter((file) => file.toLowerCase().endsWith(".xml"));
    const names = new Set(xml.flatMap((file) => vocNames(`${source.replace(/\/+$/, "")}/${file}`)));
    if (names.size === 0) {
      throw new FormatError(`${source}: it has no .xml with objects. Expected VOC's annotations.`);
    }
    const items = [...names].sort().map((name, i) => ({ name, label: i + 1, display_name: name }));
    return [BACKGROUND, ...items];
  }
  const background = includeBackground ? [BACKGROUND] : [];
  return [...background, ...listedItems(options, background.length)];
}

/** A category is known by its id. */
function checkDifferent(
  source: string,
  categories: readonly { readonly id: string; readonly name: string }[],
): void {
  const names = new Map<string, string>();
  for (const { id, name } of categories) {
    const before = names.get(id);
    if (before !== undefined) {
      throw new FormatError(
        `${source}: categories "${before}" and "${name}" have one id, ${id}. Expected an id for each.`,
      );
    }
    names.set(id, name);
  }
}

function listedItems({ source, delimiter }: LabelMapOptions, first: number): LabelMapItem[] {
  const lines = readText(source, "list of labels")
    .replace(/\r?\n$/, "")
    .split(/\r?\n/);
  let columns: number | undefined;
  return lines.map((line, i) => {
    const fields = split(line, delimiter);
    const [name = "", number, shown] = fields;
    columns ??= fields.length;
    if (fields.length > 3 || fields.length !== columns || name === "") {
      throw new FormatError(
        `${source}:${i + 1}: "${line}" has ${fields.length} fields, and the first line ${columns}. Expected \`name\`, \`name label\` or \`name label display-name\` on every line, with one of "${delimiter}" between.`,
      );
    }
    const label = number === undefined ? first + i : labelOf(number);
    if (label === undefined) {
      throw new FormatError(
        `${source}:${i + 1}: label "${number}" is not a whole number ${LABEL_RANGE}.`,
      );
    }
    return { name, label, display_name: shown ?? name };
  });
}

/** The parts of a line between any of these characters. */
function split(line: string, delimiter: string): string[] {
  const parts = [""];
  for (const character of line) {
    if (delimiter.includes(character)) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts;
}
