import { FormatError } from "../../util/errors.ts";
import { entryOf } from "../../util/records.ts";
import { readText } from "../files/read-file.ts";
import { labelOf } from "./label.ts";
import { parseXml, textOf, type XmlElement } from "./xml.ts";

/** Kinds of files that say what is to be seen in an image. */
export type AnnotationKind = "xml" | "json" | "txt";

/** An object of an image, with its box in pixels. */
export interface AnnotatedObject {
  /** Its name as the file has it, or its label, where that is what stands there. */
  readonly name: string | number;
  readonly box: readonly [xmin: number, ymin: number, xmax: number, ymax: number];
  readonly isDifficult: boolean;
}

/** What an annotation file says of an image. */
export interface ImageAnnotation {
  /** Height and width as the file has them; undefined where it does not tell. */
  readonly size: readonly [height: number, width: number] | undefined;
  readonly objects: readonly AnnotatedObject[];
}

/** Reads annotation files. One that is of many images is kept from one image to the next. */
export class AnnotationReader {
  readonly #kind: AnnotationKind;
  #coco:
    | { readonly path: string; readonly images: ReadonlyMap<string, ImageAnnotation> }
    | undefined;

  constructor(kind: AnnotationKind) {
    this.#kind = kind;
  }

  /**
   * @param image the image's path in the list: a file of COCO's own form has many
   * @throws FileError, FormatError where it cannot be read, or is not of that form
   */
  read(path: string, image: string): ImageAnnotation {
    if (this.#coco?.path === path) return ofImage(this.#coco.images, image);
    const text = readText(path, "annotation file");
    if (this.#kind === "xml") return vocAnnotation(parseXml(text, path), path);
    if (this.#kind === "txt") return plainAnnotation(text, path);
    const json = parseJson(text, path);
    if (!("images" in json)) return jsonAnnotation(json, path);
    this.#coco = { path, images: cocoImages(json, path) };
    return ofImage(this.#coco.images, image);
  }
}

/** An image that COCO's file lists without objects, or not at all, has none. */
function ofImage(images: ReadonlyMap<string, ImageAnnotation>, path: string): ImageAnnotation {
  const found = images.get(path.slice(path.lastIndexOf("/") + 1));
  return found ?? { size: undefined, objects: [] };
}

/** PASCAL VOC's: objects of a name and a bndbox each. */
function vocAnnotation(annotation: XmlElement, path: string): ImageAnnotation {
  if (annotation.name !== "annotation") {
    throw new FormatError(`${path}: it is <${annotation.name}>. Expected VOC's <annotation>.`);
  }
  const size = annotation.children.find(({ name }) => name === "size");
  const [height, width] = ["height", "width"].map((name) => Number(size && textOf(size, name)));
  const objects = annotation.children.filter(({ name }) => name === "object");
  return {
    size: sizeOf(height, width),
    objects: objects.map((object, i) => {
      const name = textOf(object, "name");
      const bounds = object.children.find((child) => child.name === "bndbox");
      if (!name || !bounds) {
        throw new FormatError(`${path}: object ${i + 1} has no name, or no bndbox. Expected both.`);
      }
      const box = ["xmin", "ymin", "xmax", "ymax"].map((edge) =>
        numberOf(textOf(bounds, edge), `${edge} of object ${i + 1}`, path),
      );
      return {
        name,
        box: box as unknown as AnnotatedObject["box"],
        isDifficult: textOf(object, "difficult") === "1",
      };
    }),
  };
}

/** What SSD splits COCO's file into: `image` and its `annotation`s. */
function jsonAnnotation(json: object, path: string): ImageAnnotation {
  const image = recordOf(entry(json, "image"));
  const annotations = listOf(json, "annotation", path);
  return {
    size: sizeOf(image && entry(image, "height"), image && entry(image, "width")),
    objects: annotations.map((one, i) => cocoObject(one, `annotation ${i + 1}`, path)),
  };
}

/** COCO's own file: images by the name of their file. */
function cocoImages(json: object, path: string): ReadonlyMap<string, ImageAnnotation> {
  const names = new Map<unknown, { name: string; size: ImageAnnotation["size"] }>();
  for (const image of listOf(json, "images", path)) {
    const name = String(entry(image, "file_name") ?? "");
    const size = sizeOf(entry(image, "height"), entry(image, "width"));
    names.set(entry(image, "id"), { name: name.slice(name.lastIndexOf("/") + 1), size });
  }
  const images = new Map<string, { size: ImageAnnotation["size"]; objects: AnnotatedObject[] }>();
  for (const { name, size } of names.values()) images.set(name, { size, objects: [] });
  for (const [i, annotation] of listOf(json, "annotations", path).entries()) {
    const id = entry(annotation, "image_id");
    const image = images.get(names.get(id)?.name ?? "");
    if (!image) {
      throw new FormatError(
        `${path}: annotation ${i + 1} is of image ${String(id)}, which is none of its images.`,
      );
    }
    image.objects.push(cocoObject(annotation, `annotation ${i + 1}`, path));
  }
  return images;
}

/** bbox is x, y, width and height; crowds are difficult. */
function cocoObject(annotation: object, what: string, path: string): AnnotatedObject {
  const name = entry(annotation, "category_id");
  const bbox = entry(annotation, "bbox");
  if (name === undefined || !Array.isArray(bbox) || bbox.length !== 4) {
    throw new FormatError(
      `${path}: ${what} has no category_id, or no bbox of four numbers. Expected both.`,
    );
  }
  const [x = 0, y = 0, width = 0, height = 0] = bbox.map((one) =>
    numberOf(one, `${what}'s bbox`, path),
  );
  return {
    name: String(name),
    box: [x, y, x + width, y + height],
    isDifficult: Number(entry(annotation, "iscrowd") ?? 0) !== 0,
  };
}

/** `label xmin ymin xmax ymax` on each line. */
function plainAnnotation(text: string, path: string): ImageAnnotation {
  const objects = text.split("\n").flatMap((line, i) => {
    const words = line.trim().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const label = labelOf(words[0] ?? "");
    if (words.length !== 5 || label === undefined) {
      throw new FormatError(
        `${path}:${i + 1}: "${line.trim()}" is no object. Expected \`label xmin ymin xmax ymax\`.`,
      );
    }
    const [, ...edges] = words.map((word) => numberOf(word, "a number", `${path}:${i + 1}`));
    return [{ name: label, box: edges as unknown as AnnotatedObject["box"], isDifficult: false }];
  });
  return { size: undefined, objects };
}

/**
 * The categories of a file of COCO's own form: their ids and names.
 * @throws FileError, FormatError where it cannot be read, or has none
 */
export function cocoCategories(path: string): { readonly id: string; readonly name: string }[] {
  const json = parseJson(readText(path, "annotation file"), path);
  return listOf(json, "categories", path).map((category) => ({
    id: String(entry(category, "id") ?? ""),
    name: String(entry(category, "name") ?? ""),
  }));
}

function parseJson(text: string, path: string): object {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`${path}: ${(error as Error).message}. Expected JSON.`, { cause: error });
  }
  const record = recordOf(json);
  if (!record) throw new FormatError(`${path}: it is no JSON object. Expected COCO's form.`);
  return record;
}

function listOf(json: object, name: string, path: string): readonly object[] {
  const list = entry(json, name);
  if (!Array.isArray(list) || !list.every((one) => recordOf(one))) {
    throw new FormatError(`${path}: it has no list "${name}" of objects. Expected COCO's form.`);
  }
  return list;
}

function entry(json: object, name: string): unknown {
  return entryOf(json as Readonly<Record<string, unknown>>, name);
}

function recordOf(value: unknown): object | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

function numberOf(value: unknown, what: string, path: string): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  // An AnnotatedDatum has 32-bit floats.
  if (typeof number === "number" && Number.isFinite(Math.fround(number))) return number;
  throw new FormatError(
    `${path}: ${what} is ${value === undefined ? "not there" : `"${String(value)}"`}. Expected a number.`,
  );
}

function sizeOf(height: unknown, width: unknown): ImageAnnotation["size"] {
  const [h, w] = [Number(height), Number(width)];
  return h > 0 && w > 0 ? [h, w] : undefined;
}

/**
 * The names of the objects in one of VOC's files.
 * @throws FileError, FormatError where it cannot be read, or is not of that form
 */
export function vocNames(path: string): string[] {
  const { objects } = vocAnnotation(parseXml(readText(path, "annotation file"), path), path);
  return objects.map(({ name }) => String(name));
}
