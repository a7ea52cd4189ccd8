import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { messageType } from "../../../src/io/proto/messages.ts";
import { readBlobFile } from "../../../src/io/weights/blob-file.ts";
import { FormatError } from "../../../src/util/errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const directory = temporaryFolder();

test("a mean file is read as one blob", () => {
  const path = join(directory, "mean.binaryproto");
  const type = messageType("BlobProto");
  const mean = { num: 1, channels: 2, height: 1, width: 1, data: [3, 4] };
  writeFileSync(path, type.encode(type.fromObject(mean)).finish());
  expect(readBlobFile(path)).toEqual({
    shape: [1, 2, 1, 1],
    legacyShape: true,
    data: Float32Array.of(3, 4),
  });
});

test("one that is cut short is refused", () => {
  const path = join(directory, "short.binaryproto");
  writeFileSync(path, Uint8Array.of(0x2a, 0x08, 0, 0));
  expect(() => readBlobFile(path)).toThrow(FormatError);
});
