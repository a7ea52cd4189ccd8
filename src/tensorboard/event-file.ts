import { hostname } from "node:os";
import { join } from "node:path";
import { AppendFile } from "../io/files/append-file.ts";
import { makeFolder } from "../io/files/file-system.ts";
import { crc32c, masked } from "../util/crc32c.ts";
import { encodeMessage, type TensorBoardMessage } from "./message.ts";

/** What the first event of a file says. */
const VERSION = "brain.Event:2";

/**
 * A file of TensorBoard's events: each is a record of its length, the length's checksum, its bytes and their checksum. A
 * process that is killed leaves whole records.
 *
 * @see TensorFlow's RecordWriter (TFRecord)
 */
export class EventFile {
  readonly #file: AppendFile;

  /**
   * @param folder is made where it is not there; files in it stay
   * @throws FileError where the file cannot be written
   */
  constructor(folder: string, time: number) {
    makeFolder(folder);
    const seconds = String(Math.floor(time / 1000)).padStart(10, "0");
    const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.0`;
    this.#file = AppendFile.append(join(folder, name));
    this.add({ wall_time: time / 1000, file_version: VERSION });
  }

  /** @throws FileError where the event cannot be written; nothing may be added then: it could not be read */
  add(event: TensorBoardMessage<"Event">): void {
    this.#file.write(framed(encodeMessage("Event", event)));
  }

  close(): void {
    this.#file.close();
  }
}

function framed(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(12 + bytes.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, masked(crc32c(record.subarray(0, 8))), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, masked(crc32c(bytes)), true);
  return record;
}
