import { ImageDecoder } from "../image.ts";
import { rasterOf } from "../raster.ts";
import { recordsOf } from "./records.ts";

/** How many records are whole, and how many are not. */
export interface DatasetCheck {
  readonly count: number;
  readonly damaged: number;
}

/**
 * Looks at every record of a database: that it is a Datum of as many values as its size says, or of an image that
 * decodes to its end, of a label that is 0 or more.
 *
 * @param onProblem is told of each record that is not
 * @throws FileError, FormatError where the database itself is damaged
 */
export async function verifyDataset(
  path: string,
  onProblem: (key: string, problem: string) => void,
  onProgress: (done: number) => void = () => {},
): Promise<DatasetCheck> {
  const decoder = new ImageDecoder();
  let [count, damaged] = [0, 0];
  for (const { key, datum } of recordsOf(path)) {
    try {
      if (datum instanceof Error) throw datum;
      if (datum.encoded) await decoder.decode(datum.data, "unchanged", "its image");
      else rasterOf(datum);
      if (datum.label < 0) throw new Error(`its label is ${datum.label}. Expected 0 or more.`);
    } catch (error) {
      damaged++;
      onProblem(key, error instanceof Error ? error.message : String(error));
    }
    onProgress(++count);
  }
  return { count, damaged };
}
