import { FormatError } from "../../util/errors.ts";
import { fileExists } from "../files/file-system.ts";
import { frameNames } from "./frame-names.ts";
import { imageListOf, readImageList, type SharedList } from "./image-list.ts";

/** The first frame's number is looked for up to this, as OpenCV does. */
const LAST_FIRST = 100;

/**
 * The frames of a video that lie in files of their own: `%06d` and its like in a path stand for a frame's number, from the
 * first that is there on to the last without a gap; a text file (.txt) names them, one on each line.
 *
 * @param file as it is written, for messages
 * @param path where it lies
 * @throws FileError, FormatError where there are none, or it is a film that a decoder would be needed for
 */
export function readFrameList(file: string, path: string): SharedList {
  if (/\.(txt|lst|list)$/i.test(path)) return readImageList(path, "optional");
  const frame = frameNames(path);
  if (!frame) {
    throw new FormatError(
      `${file} is one file, and films are not decoded here. Write its frames into files (ffmpeg -i ${file} frames/%06d.jpg), and give video_file: "frames/%06d.jpg", or a .txt file that names them.`,
    );
  }
  let first = 0;
  while (first <= LAST_FIRST && !fileExists(frame(first))) first++;
  const frames: string[] = [];
  for (let number = first; fileExists(frame(number)); number++) frames.push(frame(number));
  if (frames.length === 0) {
    throw new FormatError(
      `${file} names no frame: ${frame(0)} to ${frame(LAST_FIRST)} are not there. Expected one of them, and the others after it.`,
    );
  }
  return imageListOf(new TextEncoder().encode(`${frames.join("\n")}\n`), path, "optional");
}
