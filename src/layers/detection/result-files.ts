import { join } from "node:path";
import { writeFilesAtomically } from "../../io/files/atomic-file.ts";
import { makeFolder } from "../../io/files/file-system.ts";
import { readLabelNames } from "../../io/lists/label-map.ts";
import type { SaveOutputParameter } from "../../io/proto/caffe.ts";
import type { Box } from "../../util/box.ts";
import { CaffeError } from "../../util/errors.ts";
import { roundAway } from "./boxes.ts";
import { boxInImage, readImageSizes, type SizedImage } from "./image-size.ts";

/** A detection in an image, in shares of it where nothing else is said. */
interface Detection {
  readonly label: number;
  readonly score: number;
  readonly box: Box;
}

/** What is to be written, its paths as they are from here. */
interface ResultFilesOptions extends SaveOutputParameter {
  readonly output_directory: string;
  readonly label_map_file: string;
  readonly name_size_file: string;
  readonly classes: number;
  readonly background: number;
}

/** Takes the detections of one image after another, and writes all of a round together. */
export interface ResultFiles {
  /**
   * The detections of the next image; after the last one of a round the files are written.
   * @param place says where a box lies in pixels of the image; of a box of shares where it is left out
   */
  add(detections: readonly Detection[], place?: (box: Box, image: SizedImage) => Box): void;
}

/** A detection of an image, its box in pixels. */
export interface ResultRow extends Detection {
  readonly image: string;
  readonly name: string;
}

/** A detection as files have it: left, top, width and height in pixels of the image. */
interface Row extends Omit<Detection, "box"> {
  readonly image: string;
  readonly name: string;
  readonly bbox: readonly [number, number, number, number];
}

type Format = "VOC" | "COCO" | "ILSVRC";

/**
 * The result files that `save_output_param` asks for; undefined where it asks for none, or says too little, which is warned of.
 * @param locate makes a path of the prototxt one from here
 */
export function resultFilesOf(
  save: SaveOutputParameter | undefined,
  labels: { readonly classes: number; readonly background: number },
  locate: (path: string) => string,
  warn: (message: string) => void,
): ResultFiles | undefined {
  if (!save?.output_directory) return undefined;
  for (const field of ["label_map_file", "name_size_file"] as const) {
    if (save[field]) continue;
    warn(`save_output_param has no ${field}: no detections are written.`);
    return undefined;
  }
  return openResultFiles({
    ...save,
    ...labels,
    output_directory: locate(save.output_directory),
    label_map_file: locate(save.label_map_file ?? ""),
    name_size_file: locate(save.name_size_file ?? ""),
  });
}

/**
 * Opens files of detections as VOC, COCO or ILSVRC want them: pixels to two digits, scores as float32.
 * @throws CaffeError where a list cannot be read or a class has no name
 */
function openResultFiles(options: ResultFilesOptions): ResultFiles {
  const { output_format = "", output_name_prefix = "", output_directory: folder } = options;
  if (!["VOC", "COCO", "ILSVRC"].includes(output_format)) {
    throw new CaffeError(
      `save_output_param.output_format is "${output_format}". Expected VOC, COCO or ILSVRC.`,
    );
  }
  const names = readLabelNames(options.label_map_file);
  const labels = Array.from({ length: options.classes }, (_, label) => label).filter(
    (label) => label !== options.background,
  );
  for (const label of labels) {
    if (!names.has(label)) {
      throw new CaffeError(`${options.label_map_file} has no label ${label}. Expected its name.`);
    }
  }
  const images = readImageSizes(options.name_size_file);
  const round = options.num_test_image ?? images.length;
  if (!(round >= 1 && round <= images.length)) {
    throw new CaffeError(
      `save_output_param.num_test_image is ${round}. Expected 1 to ${images.length}, the images of ${options.name_size_file}.`,
    );
  }
  makeFolder(folder);
  let rows: ResultRow[] = [];
  let seen = 0;
  return {
    add(detections, place = (box, image) => boxInImage(box, image, options.resize_param).box) {
      const image = images[seen] as SizedImage;
      for (const { box, label, score } of detections) {
        rows.push({
          label,
          score,
          image: image.name,
          name: names.get(label) ?? "",
          box: place(box, image),
        });
      }
      seen++;
      if (seen < round) return;
      const known = new Map(labels.map((label) => [label, names.get(label) ?? ""]));
      const files = resultTexts(output_format as Format, rows, known);
      writeFilesAtomically(
        [...files].map(([name, text]) => ({
          path: join(folder, output_name_prefix + name),
          chunks: [new TextEncoder().encode(text)],
        })),
      );
      seen = 0;
      rows = [];
    },
  };
}

/** Left, top, width and height, to two digits. */
function pixelsOf([x0, y0, x1, y1]: Box): Row["bbox"] {
  const { fround } = Math;
  const rounded = (value: number): number => fround(roundAway(fround(value * 100)) / 100);
  return [rounded(x0), rounded(y0), rounded(fround(x1 - x0)), rounded(fround(y1 - y0))];
}

/**
 * The texts of detections by what their files' names end in: `.json` (COCO), `.txt` (ILSVRC), or for each class `NAME.txt` (VOC).
 * @param names of the classes that VOC has a file for
 */
export function resultTexts(
  format: Format,
  detections: readonly ResultRow[],
  names: ReadonlyMap<number, string>,
): ReadonlyMap<string, string> {
  const rows = detections.map(({ box, ...rest }): Row => ({ ...rest, bbox: pixelsOf(box) }));
  if (format === "COCO") return new Map([[".json", cocoText(rows)]]);
  if (format === "ILSVRC") {
    return new Map([[".txt", rows.map((row) => line(row, `${row.image} ${row.label}`)).join("")]]);
  }
  return new Map(
    [...names].map(([label, name]) => {
      const own = rows.filter((row) => row.label === label);
      return [`${name}.txt`, own.map((row) => line(row, row.image)).join("")];
    }),
  );
}

/** Behind what names it: its score and the whole pixels of its edges. */
function line({ score, bbox }: Row, start: string): string {
  const [left = 0, top = 0, width = 0, height = 0] = bbox.map(Math.trunc);
  return `${start} ${digits(score, 6)} ${left} ${top} ${left + width} ${top + height}\n`;
}

/** A number as C's %g writes it, with that many digits. */
function digits(value: number, precision: number): string {
  const [mantissa = "", exponent = "0"] = value.toExponential(precision - 1).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < precision) return String(Number(value.toPrecision(precision)));
  const sign = power < 0 ? "-" : "+";
  return `${Number(mantissa)}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** As boost writes a property tree, four spaces a step, numbers of nine digits. */
function cocoText(rows: readonly Row[]): string {
  if (rows.length === 0) return "[\n]\n";
  const objects = rows.map(({ image, name, bbox, score }) =>
    [
      "        {",
      `            "image_id": ${word(image)},`,
      `            "category_id": ${word(name)},`,
      '            "bbox": [',
      bbox.map((value) => `                ${digits(value, 9)}`).join(",\n"),
      "            ],",
      `            "score": ${digits(score, 9)}`,
      "        }",
    ].join("\n"),
  );
  return `[\n${objects.join(",\n")}\n    \n]\n`;
}

/** A number where the text is one that JSON knows, else the text in quotes. */
function word(text: string): string {
  return /^(null|true|false|-?(0|[1-9]\d*)(\.\d+)?)$/.test(text)
    ? text
    : JSON.stringify(text).replaceAll("/", "\\/");
}
