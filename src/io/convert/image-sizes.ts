import { CaffeError, FormatError } from "../../util/errors.ts";
import { readBytes } from "../files/read-file.ts";
import { decodedShape } from "../images/decode.ts";
import { imageHeader } from "../images/header.ts";
import { pathWithin } from "../lists/image-list.ts";
import { labelOf } from "../lists/label.ts";
import { lineAt, lineName, readLineList } from "../lists/line-list.ts";

/**
 * The sizes of a list's images, `name height width` on each line, as SSD's get_image_size writes them: the name is that of
 * the file without its ending, or the number that `nameIdFile` has for it.
 *
 * @param root put before every path, without a slash between
 * @throws FileError, FormatError where an image cannot be read, or a name has no number
 */
export function* imageSizes(
  root: string,
  listFile: string,
  nameIdFile?: string,
): Generator<string, void> {
  const ids = nameIdFile === undefined ? undefined : readIds(nameIdFile);
  const list = readLineList(listFile, "`image …` on each line", () => undefined);
  for (let i = 0; i < list.starts.length; i++) {
    const listed = lineAt(list, i);
    const [path = ""] = listed.words;
    const name = path.slice(path.lastIndexOf("/") + 1).replace(/(.)\.[^.]*$/, "$1");
    const id = ids ? ids.get(name) : name;
    if (id === undefined) {
      throw new FormatError(
        `${lineName(list, listed)}: ${nameIdFile} has no number for "${name}". Expected one for every image.`,
      );
    }
    try {
      const file = pathWithin(".", root, path);
      const header = imageHeader(readBytes(file, "image"), file);
      const [, height, width] = decodedShape(header, "color");
      yield `${id} ${height} ${width}\n`;
    } catch (error) {
      if (!(error instanceof CaffeError)) throw error;
      throw new FormatError(`${lineName(list, listed)}: ${error.message}`, { cause: error });
    }
  }
}

function readIds(path: string): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  const list = readLineList(path, "`name number` on each line", ([name = "", id = "", ...more]) => {
    if (more.length > 0 || labelOf(id) === undefined) {
      return `"${[name, id, ...more].join(" ")}" is no name and its number. Expected \`name number\`.`;
    }
    if (ids.has(name)) return `"${name}" comes twice. Expected each name once.`;
    ids.set(name, id);
    return undefined;
  });
  return list.starts.length > 0 ? ids : new Map();
}
