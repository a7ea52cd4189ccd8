import { firstRecordOf, rawRecordsOf } from "../db/records.ts";
import { inOrder } from "../jobs/in-order.ts";
import { checkRecord } from "./check-record.ts";

/** How many records are whole, and how many are not. */
interface DatasetCheck {
  readonly count: number;
  readonly damaged: number;
}

/**
 * Looks at every record of a database: that it is a Datum of as many values as its size says, or of an image that
 * decodes to its end, of a label that is 0 or more, or an AnnotatedDatum of these whose boxes end where they begin or behind.
 *
 * @param threads decode images; records of pixels need none
 * @param onProblem is told of each record that is not, in the order of their keys
 * @throws FileError, FormatError where the database itself is damaged
 */
export async function verifyDataset(
  path: string,
  threads: number,
  onProblem: (key: string, problem: string) => void,
  onProgress: (done: number) => void = () => {},
): Promise<DatasetCheck> {
  const { datum } = firstRecordOf(path);
  const isDecoded = !(datum instanceof Error) && datum.encoded;
  /** Of records that are being looked at. */
  const keys: string[] = [];
  const jobs = function* (): Generator<Uint8Array> {
    for (const { key, value } of rawRecordsOf(path)) {
      keys.push(key);
      yield value.slice();
    }
  };
  let [count, damaged] = [0, 0];
  for await (const outcome of inOrder(checkRecord, jobs(), isDecoded ? threads : 0)) {
    const key = keys.shift() ?? "";
    if ("error" in outcome) {
      damaged++;
      onProblem(key, outcome.error);
    }
    onProgress(++count);
  }
  return { count, damaged };
}
