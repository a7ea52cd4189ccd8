import type { BlobValue } from "../../util/nd-array.ts";
import { checkKind } from "../files/file-kind.ts";
import { readBytes } from "../files/read-file.ts";
import { readBlob } from "../proto/blob-proto.ts";
import { decodeAt } from "../proto/decode-at.ts";

/** Reads one blob alone, as a mean file (.binaryproto) holds it. */
export function readBlobFile(path: string): BlobValue {
  const bytes = readBytes(path, "blob file");
  checkKind(bytes, path, "a mean file (.binaryproto)");
  return decodeAt(bytes, path, "a BlobProto (.binaryproto)", (reader) =>
    readBlob(reader, reader.len),
  );
}
