import { CaffeError, FileError, FormatError } from "../../util/errors.ts";
import type { DbRecord } from "../db/db.ts";

/** The same error, with the record it is about in front. Anything but a CaffeError stays as it is. */
export function aboutRecord(error: unknown, record: string): unknown {
  if (!(error instanceof CaffeError)) return error;
  const Same = error instanceof FileError ? FileError : FormatError;
  return new Same(`${record}: ${error.message}`, { cause: error });
}

/** @throws FormatError where an image differs from those before it in the batch */
export function checkShape(own: readonly number[], shape: readonly number[]): void {
  if (own.every((length, axis) => length === shape[axis])) return;
  throw new FormatError(
    `it becomes ${own.join("×")} in a batch of ${shape.join("×")}. Expected one size in a batch; give crop_size, or batch_size: 1.`,
  );
}

/** A record as messages name it. */
export function recordName(source: string, key: DbRecord["key"]): string {
  return `${source}: key "${new TextDecoder().decode(key)}"`;
}
