import { join, resolve } from "node:path";
import { fileExists, isDirectory } from "../../io/files/file-system.ts";
import { filesBelow, PICTURE_KINDS, picturesBelow } from "../../io/files/picture-names.ts";
import {
  type AnnotatedObject,
  type AnnotationKind,
  AnnotationReader,
  cocoCategories,
} from "../../io/lists/annotation-file.ts";
import { CaffeError, FileError, FormatError } from "../../util/errors.ts";
import type { Picture } from "../picture.ts";

/** Pictures of a folder, with the files that say what is to be seen in them. */
export interface FoundAnnotations {
  readonly kind: AnnotationKind;
  /** Each picture counts for that of its objects of which there are fewest, as if it were its class. */
  readonly pictures: readonly Picture[];
  /** The annotation's file of each picture. */
  readonly files: ReadonlyMap<string, string>;
  /** The names of the kinds of objects, as the files have them, and as people write them. */
  readonly names: ReadonlyMap<string, string>;
}

/** What is known of a picture's objects before they are counted. */
interface Read {
  readonly path: string;
  readonly annotation: string;
  readonly objects: readonly AnnotatedObject[];
}

/**
 * Finds the annotations of a folder's pictures: a folder of VOC's files, where each has the picture's name but for the ending,
 * or one file of COCO's form.
 *
 * @param say is told of what is left out: pictures without an annotation, files without a picture
 * @throws FileError, FormatError where one cannot be read; CaffeError where there are no pictures, annotations or objects
 */
export function findAnnotations(
  images: string,
  annotations: string,
  say: (message: string) => void,
): FoundAnnotations {
  if (!isDirectory(images)) {
    throw new FileError(`"${images}" is no folder. Expected a folder of ${PICTURE_KINDS}.`);
  }
  if (!fileExists(annotations)) {
    throw new FileError(
      `"${annotations}" is not there. Expected a folder of VOC's .xml files, or a .json file of COCO's form.`,
    );
  }
  const paths = picturesBelow(images);
  if (paths.length === 0) {
    throw new CaffeError(`"${images}" holds no picture. Expected ${PICTURE_KINDS}.`);
  }
  const isFolder = isDirectory(annotations);
  const kind = isFolder ? "xml" : "json";
  const found = isFolder
    ? ofFolder(images, paths, annotations, say)
    : ofFile(images, paths, annotations);
  const without = paths.length - found.length;
  if (without > 0) say(`${images}: ${counted(without)} without annotation: left out.`);
  const counts = countsOf(found);
  if (counts.size === 0) {
    throw new CaffeError(
      `"${annotations}" tells of no object in the ${paths.length} pictures of "${images}". Expected annotations of these pictures.`,
    );
  }
  return {
    kind,
    names: isFolder ? sameNames(counts) : cocoNames(annotations, counts),
    files: new Map(found.map(({ path, annotation }) => [path, resolve(annotation)])),
    pictures: found.map(({ path, objects }) => {
      const names = objects.map(({ name }) => String(name));
      const [rarest = ""] = names.sort((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0));
      return { path, class: rarest };
    }),
  };
}

/** VOC's files, found by the picture's path without its ending, or else by its name alone. */
function ofFolder(
  images: string,
  paths: readonly string[],
  annotations: string,
  say: (message: string) => void,
): Read[] {
  const files = filesBelow(annotations, (name) => /\.xml$/i.test(name));
  if (files.length === 0) {
    const hint = filesBelow(annotations, (name) => /\.json$/i.test(name))[0];
    throw new CaffeError(
      `"${annotations}" holds no .xml file. Expected VOC's, one for each picture${hint ? `; or COCO's file: --annotations=${join(annotations, hint)}` : ", or the name of COCO's .json file"}.`,
    );
  }
  const byStem = new Map(files.map((file) => [stemOf(file), file]));
  const byName = new Map<string, string | undefined>();
  for (const file of files) {
    const name = nameOf(stemOf(file));
    byName.set(name, byName.has(name) ? undefined : file);
  }
  const reader = new AnnotationReader("xml");
  const taken = new Set<string>();
  const found = paths.flatMap((path): Read[] => {
    const stem = stemOf(path);
    const file = byStem.get(stem) ?? byName.get(nameOf(stem));
    if (file === undefined) return [];
    taken.add(file);
    const annotation = join(annotations, file);
    const { objects } = reader.read(annotation, path);
    return [{ path, annotation, objects }];
  });
  const lost = files.length - taken.size;
  if (lost > 0) say(`${annotations}: ${lost} .xml of no picture in ${images}: left out.`);
  return found;
}

/** What COCO's file says, which knows pictures by their name. */
function ofFile(images: string, paths: readonly string[], annotations: string): Read[] {
  const reader = new AnnotationReader("json");
  const taken = new Map<string, string>();
  return paths.flatMap((path): Read[] => {
    const { objects, size } = reader.read(annotations, path);
    if (objects.length === 0 && size === undefined) return [];
    const before = taken.get(nameOf(path));
    if (before !== undefined) {
      throw new FormatError(
        `"${images}": ${before} and ${path} have one name, by which ${annotations} knows pictures. Expected one picture of a name.`,
      );
    }
    taken.set(nameOf(path), path);
    return [{ path, annotation: annotations, objects }];
  });
}

/** How many objects of each name there are. */
function countsOf(found: readonly Read[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { objects } of found) {
    for (const { name } of objects) {
      counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
    }
  }
  return counts;
}

function sameNames(counts: ReadonlyMap<string, number>): Map<string, string> {
  return new Map([...counts.keys()].sort().map((name) => [name, name]));
}

/** COCO's objects have their category's number for a name; categories without an object are none here. */
function cocoNames(file: string, counts: ReadonlyMap<string, number>): Map<string, string> {
  const names = new Map(cocoCategories(file).map(({ id, name }) => [id, name]));
  const unknown = [...counts.keys()].find((id) => !names.has(id));
  if (unknown !== undefined) {
    throw new FormatError(
      `${file}: an object is of category ${unknown}, which is none of its categories. Expected one of ${[...names.keys()].join(", ")}.`,
    );
  }
  return new Map([...names].filter(([id]) => counts.has(id)));
}

function counted(count: number): string {
  return count === 1 ? "1 picture" : `${count} pictures`;
}

function stemOf(path: string): string {
  return path.replace(/\.[^./]*$/, "");
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
