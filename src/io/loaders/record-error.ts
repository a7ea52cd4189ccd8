import { CaffeError, FileError, FormatError } from "../../util/errors.ts";

/** The same error, with the record it is about in front. Anything but a CaffeError stays as it is. */
export function aboutRecord(error: unknown, record: string): unknown {
  if (!(error instanceof CaffeError)) return error;
  const Same = error instanceof FileError ? FileError : FormatError;
  return new Same(`${record}: ${error.message}`, { cause: error });
}
