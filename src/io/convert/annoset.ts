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
import { readNameLabels } from "../lists/label-map.ts";
import { type LineList, lineAt, lineName, readLineList } from "../lists/line-list.ts";
import { type LabelledObject, makeAnnotatedRecord } from "./annotated-record.ts";
import { type RecordOptions, type RecordResult, writeRecords } from "./record-set.ts";

/** How images and their annotations become a database. */
export interface AnnosetOptions extends RecordOptions {
  /** "classification": `path label` on each line; "detection": `path annotation-file`. */
  readonly annoType: "classification" | "detection";
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
  const annotations = options.annoType === "detection" ? new Annotations(options, log) : undefined;
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
        const [path = "", second = ""] = words;
        const seen = annotations
          ? annotations.of(path, second, lineName(list, { line }))
          : { objects: undefined, size: undefined };
        const label = annotations ? -1 : (labelOf(second) ?? 0);
        yield { ...image, encodeType, minDim, maxDim, path, label, ...seen };
      }
    },
    work: makeAnnotatedRecord,
  };
  return writeRecords(options, source, log, onProgress, signal);
}

function listOf({ list, annoType }: AnnosetOptions): LineList {
  const what = annoType === "detection" ? "`image annotation-file`" : "`image label`";
  return readLineList(list, `${what} on each line`, (words) => {
    if (words.length !== 2) {
      return `${words.length} ${words.length === 1 ? "word" : "words"}. Expected ${what}: paths hold no blanks.`;
    }
    if (annoType === "classification" && labelOf(words[1] ?? "") === undefined) {
      return `label "${words[1]}" is not a whole number ${LABEL_RANGE}. Expected one, or --anno_type=detection for annotation files.`;
    }
    return undefined;
  });
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
