import { FormatError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { nearestText } from "../../util/nearest.ts";
import { shuffled } from "../../util/shuffled.ts";
import { fileExists } from "../files/file-system.ts";
import { checkSuffix } from "../images/encode.ts";
import {
  type AnnotationKind,
  AnnotationReader,
  type ImageAnnotation,
} from "../lists/annotation-file.ts";
import { pathWithin } from "../lists/image-list.ts";
import { LABEL_RANGE, labelOf } from "../lists/label.ts";
import { readLabelNames, readNameLabels } from "../lists/label-map.ts";
import { type LineList, lineAt, lineName, readLineList } from "../lists/line-list.ts";
import { type LabelledObject, type MaskFile, makeAnnotatedRecord } from "./annotated-record.ts";
import { type RecordOptions, type RecordResult, writeRecords } from "./record-set.ts";

/** How images and their annotations become a database. */
export interface AnnosetOptions extends RecordOptions {
  /**
   * "classification": `path label` on each line; "detection": `path annotation-file`; "detection_with_segmentation": `path
   * annotation-file mask-file`, or as "detection" where there is a folder of masks.
   */
  readonly annoType: "classification" | "detection" | "detection_with_segmentation";
  /** The folder of masks, below `root`; undefined where the list names them. */
  readonly maskFolder?: string | undefined;
  readonly labelType: AnnotationKind;
  /** Which label each name has; it may be missing where files hold labels, not names. */
  readonly labelMapFile: string | undefined;
  /** Whether a name that the label map has twice is an error. */
  readonly checkLabel: boolean;
  /** The shorter side of images is this long at least, the longer one that long at most; 0 for any. */
  readonly minDim: number;
  readonly maxDim: number;
}

const TOOL = "create_annoset";

/**
 * Writes images and what is to be seen in them to a database of AnnotatedDatum, as SSD's convert_annoset does.
 *
 * Boxes that exceed their image, end before they begin or have no area are written as they are, with a warning. A name that
 * the label map does not have is an error; an annotation file that is not there counts as one without objects, with a
 * warning.
 *
 * @param onProgress is told how many lines of how many are done
 * @param signal stops it so that it can be resumed
 * @throws FileError, FormatError where it cannot go on, or no image could be read; nothing is left then
 */
export async function createAnnoset(
  options: AnnosetOptions,
  log: Log,
  onProgress?: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<RecordResult> {
  const { root, gray, height, width, encoded, encodeType, shuffle, seed } = options;
  if (encodeType !== "") checkSuffix(encodeType);
  const list = listOf(options);
  const annotations =
    options.annoType === "classification" ? undefined : new Annotations(options, log);
  const masks = options.annoType === "detection_with_segmentation" ? new Masks(options) : undefined;
  const count = list.starts.length;
  if (shuffle) log("info", TOOL, "Shuffling data");
  log("info", TOOL, `A total of ${count} images.`);
  const order = shuffle ? shuffled(count, seed, TOOL) : undefined;
  const lineOf = (index: number): ReturnType<typeof lineAt> =>
    lineAt(list, order?.[index] ?? index);
  const image = { root, isColor: !gray, height, width, encoded: encoded || encodeType !== "" };
  const { minDim, maxDim } = options;
  const source = {
    tool: TOOL,
    count,
    at: (index: number) => {
      const { words, line } = lineOf(index);
      return { path: words[0] ?? "", line };
    },
    *jobs(from: number) {
      for (let index = from; index < count; index++) {
        const { words, line } = lineOf(index);
        const [path = "", second = "", third] = words;
        const seen = annotations
          ? annotations.of(path, second, lineName(list, { line }))
          : { objects: undefined, size: undefined };
        const label = annotations ? -1 : (labelOf(second) ?? 0);
        const mask = masks?.of(path, third);
        yield { ...image, encodeType, minDim, maxDim, path, label, mask, ...seen };
      }
    },
    work: makeAnnotatedRecord,
  };
  return writeRecords(options, source, log, onProgress, signal);
}

function listOf({ list, annoType, maskFolder }: AnnosetOptions): LineList {
  const isMasked = annoType === "detection_with_segmentation" && maskFolder === undefined;
  const [count, what] =
    annoType === "classification"
      ? [2, "`image label`"]
      : isMasked
        ? [3, "`image annotation-file mask`"]
        : [2, "`image annotation-file`"];
  return readLineList(list, `${what} on each line`, (words) => {
    if (words.length !== count) {
      const advice = isMasked ? ", or --mask_folder" : "";
      return `${words.length} ${words.length === 1 ? "word" : "words"}. Expected ${what}${advice}: paths hold no blanks.`;
    }
    if (annoType === "classification" && labelOf(words[1] ?? "") === undefined) {
      return `label "${words[1]}" is not a whole number ${LABEL_RANGE}. Expected one, or --anno_type=detection for annotation files.`;
    }
    return undefined;
  });
}

/** Files of masks. */
class Masks {
  readonly #options: AnnosetOptions;
  readonly #known: readonly number[] | undefined;
  /** Which image took which mask, by the image's name alone. */
  readonly #taken: Map<string, string> = new Map();

  constructor(options: AnnosetOptions) {
    this.#options = options;
    const { labelMapFile } = options;
    this.#known = labelMapFile ? [...readLabelNames(labelMapFile).keys()] : undefined;
  }

  /**
   * The mask of an image: what the list names, or in the folder the PNG of the image's path, or of its name alone.
   * @throws FormatError where two images would have one mask
   */
  of(image: string, listed: string | undefined): MaskFile {
    const { root, maskFolder } = this.#options;
    const known = this.#known;
    if (listed !== undefined) return { path: pathWithin(".", root, listed), known };
    const at = (name: string): string =>
      pathWithin(".", root, `${maskFolder}/${name.replace(/\.[^./]*$/, "")}.png`);
    const path = at(image);
    if (fileExists(path)) return { path, known };
    const own = at(image.slice(image.lastIndexOf("/") + 1));
    const other = this.#taken.get(own);
    if (other !== undefined && other !== image) {
      throw new FormatError(
        `${other} and ${image} would both have the mask ${own}. Expected ${path}, masks in folders as their images are.`,
      );
    }
    this.#taken.set(own, image);
    return { path: own, known };
  }
}

/** Annotation files, names as labels. */
class Annotations {
  readonly #options: AnnosetOptions;
  readonly #log: Log;
  readonly #reader: AnnotationReader;
  readonly #labels: ReadonlyMap<string, number> | undefined;
  readonly #known: ReadonlySet<number>;

  constructor(options: AnnosetOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#reader = new AnnotationReader(options.labelType);
    const { labelMapFile, checkLabel } = options;
    this.#labels = labelMapFile ? readNameLabels(labelMapFile, checkLabel) : undefined;
    this.#known = new Set(this.#labels?.values());
  }

  of(
    path: string,
    file: string,
    line: string,
  ): { readonly objects: readonly LabelledObject[]; readonly size: ImageAnnotation["size"] } {
    const full = pathWithin(".", this.#options.root, file);
    if (!fileExists(full)) {
      this.#log(
        "warning",
        TOOL,
        `${line}: ${full} is not there: ${path} counts as without objects.`,
      );
      return { objects: [], size: undefined };
    }
    const { objects, size } = this.#reader.read(full, path);
    const labelled = objects.map(({ name, ...object }) => ({
      ...object,
      label: this.#labelOf(name, `${line}: ${full}`),
    }));
    return { objects: labelled, size };
  }

  #labelOf(name: string | number, where: string): number {
    const labels = this.#labels;
    if (typeof name === "number") {
      if (!labels || this.#known.has(name)) return name;
      throw new FormatError(
        `${where}: label ${name} is not one of ${this.#options.labelMapFile}. Expected one of its labels.`,
      );
    }
    const label = labels?.get(name);
    if (label !== undefined) return label;
    throw new FormatError(
      `${where}: Unknown name: "${name}".${nearestText(name, labels?.keys() ?? [])} Expected one of ${this.#options.labelMapFile ?? "--label_map_file, which is not given"}.`,
    );
  }
}
