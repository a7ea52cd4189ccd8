import { dirname, join } from "node:path";
import { fileExists, fileNames, isDirectory } from "../io/files/file-system.ts";
import {
  folderNames,
  isPictureName,
  PICTURE_KINDS,
  picturesBelow,
} from "../io/files/picture-names.ts";
import { readText } from "../io/files/read-file.ts";
import { CaffeError, FileError } from "../util/errors.ts";
import type { FoundPictures, Picture, PictureSet } from "./picture.ts";
import { parsePictureList } from "./picture-list.ts";

/** What folders are called that hold a part of the pictures each. */
const VAL = ["val", "valid", "validation"];

/**
 * Finds the pictures of a source: a folder of folders, one for each class; a folder with such a folder for each of `train`,
 * `val` and `test`; or a list, `path label` or `path,label` on each line.
 *
 * @param root what paths of a list begin from; the list's own folder by default
 * @param say is told of what is left out
 * @throws FileError, FormatError, CaffeError where there is none, or a class without pictures
 */
export function findPictures(
  source: string,
  root: string | undefined,
  say: (message: string) => void,
): FoundPictures {
  if (!fileExists(source)) {
    throw new FileError(
      `"${source}" is not there. Expected a folder with a folder of pictures for each class, or a list of pictures.`,
    );
  }
  if (!isDirectory(source)) return { train: listed(source, root) };
  const folders = folderNames(source);
  const val = VAL.find((name) => folders.includes(name));
  const hasTest = folders.includes("test");
  const hasParts = folders.includes("train") && folders.every((name) => isPart(name));
  if (!hasParts) return { train: classFolders(source, "", say) };
  const part = (name: string): PictureSet => classFolders(source, `${name}/`, say);
  const train = part("train");
  if (val !== undefined) return { train, val: part(val), ...(hasTest && { test: part("test") }) };
  return { train, ...(hasTest && { val: part("test") }) };
}

function isPart(name: string): boolean {
  return ["train", "test", ...VAL].includes(name);
}

function listed(source: string, root: string | undefined): PictureSet {
  const folder = root ?? dirname(source);
  return { root: withSlash(folder), pictures: parsePictureList(readText(source, "list"), source) };
}

/** The pictures of folders, one for each class; `part` stands before their names. */
function classFolders(root: string, part: string, say: (message: string) => void): PictureSet {
  const folder = join(root, part);
  const names = folderNames(folder);
  const loose = fileNames(folder).filter(isPictureName).length;
  if (names.length === 0) {
    const there = loose > 0 ? `${loose} pictures and no folder of a class` : "no picture";
    throw new CaffeError(
      `"${folder}" holds ${there}. Expected a folder for each class with ${PICTURE_KINDS}: ${folder}/CLASS/picture.jpg.`,
    );
  }
  if (loose > 0) {
    say(`${folder}: ${loose} pictures lie beside the folders of the classes. They are left out.`);
  }
  const pictures = names.flatMap((name): Picture[] => {
    const paths = picturesBelow(join(folder, name));
    return paths.map((path) => ({ path: `${part}${name}/${path}`, class: name }));
  });
  const found = new Set(pictures.map((picture) => picture.class));
  if (found.size === 0) {
    throw new CaffeError(
      `"${folder}" holds no picture in its ${names.length} folders. Expected ${PICTURE_KINDS}.`,
    );
  }
  const empty = names.filter((name) => !found.has(name));
  if (empty.length > 0) {
    throw new CaffeError(
      `"${folder}": the class ${empty.join(", ")} holds no picture. Expected ${PICTURE_KINDS}; remove a folder that is no class.`,
    );
  }
  return { root: withSlash(root), pictures };
}

function withSlash(folder: string): string {
  return folder.endsWith("/") ? folder : `${folder}/`;
}
