import { FormatError } from "../util/errors.ts";
import type { Picture } from "./picture.ts";

/** What the columns of a table are called, in its first line. */
const [PATHS, LABELS] = [
  /^(?:path|file|filename|file_name|image|image_path|picture)$/i,
  /^(?:label|class|class_name|category|target)$/i,
];

/**
 * The pictures that a list names: `path label` on each line as Caffe has it, or fields with a comma, a semicolon or a tab
 * between them, with the names of the columns in the first line or without. A label is any word; in a table it may have blanks.
 *
 * @param source names the list, for messages
 * @throws FormatError with the line where one is no picture and its label, or a picture has two labels; where it is empty
 */
export function parsePictureList(text: string, source: string): Picture[] {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const first = lines.find((line) => line.trim() !== "") ?? "";
  const separator = [",", ";", "\t"].find((one) => fieldsOf(first, one).length > 1);
  const head = separator === undefined ? [] : fieldsOf(first, separator);
  const [pathAt, labelAt] = [PATHS, LABELS].map((name) => head.findIndex((one) => name.test(one)));
  const hasHead = (pathAt ?? -1) >= 0 && (labelAt ?? -1) >= 0;
  const classes = new Map<string, { readonly class: string; readonly line: number }>();
  lines.forEach((line, i) => {
    if (line.trim() === "" || (hasHead && line === first)) return;
    const where = `${source}:${i + 1}`;
    const fields = separator === undefined ? wordsOf(line) : fieldsOf(line, separator);
    const [path = "", label = ""] = hasHead
      ? [fields[pathAt ?? 0], fields[labelAt ?? 0]]
      : fields.length === 2
        ? fields
        : [];
    if (path === "" || label === "") {
      throw new FormatError(
        `${where}: "${line}" is no picture and its class. Expected \`path label\`, or \`path,label\` in a table.`,
      );
    }
    const before = classes.get(path);
    if (before !== undefined && before.class !== label) {
      throw new FormatError(
        `${where}: ${path} is of class ${label}, and of class ${before.class} in line ${before.line}. Expected one class for a picture.`,
      );
    }
    classes.set(path, before ?? { class: label, line: i + 1 });
  });
  if (classes.size === 0) {
    throw new FormatError(`${source}: it lists no picture. Expected \`path label\` on each line.`);
  }
  return [...classes].map(([path, of]) => ({ path, class: of.class }));
}

/** A path, which may hold blanks, and the last word. */
function wordsOf(line: string): string[] {
  const [, path = "", label = ""] = /^\s*(.*\S)\s+(\S+)\s*$/.exec(line) ?? [];
  return [path, label];
}

/** The fields of a line of a table; one in quotes may hold the separator. */
function fieldsOf(line: string, separator: string): string[] {
  const fields: string[] = [];
  let [field, isQuoted] = ["", false];
  for (let i = 0; i < line.length; i++) {
    const character = line[i] ?? "";
    if (character === '"' && isQuoted && line[i + 1] === '"') field += line[++i];
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      fields.push(field.trim());
      field = "";
    } else field += character;
  }
  return [...fields, field.trim()];
}
