import type { Log } from "../../util/log.ts";
import { shuffled } from "../../util/shuffled.ts";
import { checkSuffix } from "../images/encode.ts";
import { listedImage, readImageList } from "../lists/image-list.ts";
import { makeRecord } from "./image-record.ts";
import { type RecordOptions, type RecordResult, writeRecords } from "./record-set.ts";

/** How images become a database. */
export interface ImagesetOptions extends RecordOptions {
  /** Labels that are no whole numbers are taken for what Caffe makes of them, with a warning. */
  readonly lenient: boolean;
}

const TOOL = "convert_imageset";

/**
 * Writes the images of a list, `path label` on each line, to a database, as Caffe's convert_imageset does.
 *
 * @param onProgress is told how many lines of how many are done
 * @param signal stops it so that it can be resumed
 * @throws FileError, FormatError where it cannot go on, or no image could be read; nothing is left then
 */
export async function convertImageset(
  options: ImagesetOptions,
  log: Log,
  onProgress?: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<RecordResult> {
  const { root, gray, height, width, encoded, encodeType, lenient, shuffle, seed } = options;
  if (encodeType !== "") checkSuffix(encodeType);
  const list = readImageList(options.list, lenient ? "lenient" : "strict", (message) =>
    log("warning", TOOL, message),
  );
  const count = list.starts.length;
  if (shuffle) log("info", TOOL, "Shuffling data");
  log("info", TOOL, `A total of ${count} images.`);
  const order = shuffle ? shuffled(count, seed, TOOL) : undefined;
  const at = (index: number): ReturnType<typeof listedImage> =>
    listedImage(list, order?.[index] ?? index);
  const image = { root, isColor: !gray, height, width, encoded: encoded || encodeType !== "" };
  const source = {
    tool: TOOL,
    count,
    at,
    *jobs(from: number) {
      for (let index = from; index < count; index++) {
        const { path, label } = at(index);
        yield { ...image, encodeType, path, label };
      }
    },
    work: makeRecord,
  };
  return writeRecords(options, source, log, onProgress, signal);
}
