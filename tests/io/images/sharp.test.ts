import { expect, test, vi } from "vitest";
import { ImageDecoder } from "../../../src/io/images/decode.ts";
import { encodeImage } from "../../../src/io/images/encode.ts";
import { CaffeError, FormatError } from "../../../src/util/errors.ts";

test("where npm left sharp's library out, a whole picture is not called damaged", async () => {
  const image = { channels: 1, height: 2, width: 2, data: new Uint8Array([1, 2, 3, 4]) };
  const png = await encodeImage(image, "png");
  vi.doMock("sharp", () => {
    throw new Error('Could not load the "sharp" module');
  });
  try {
    const failure = await Promise.resolve(new ImageDecoder().decode(png, "gray", "a.png")).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(CaffeError);
    expect(failure).not.toBeInstanceOf(FormatError);
    expect((failure as Error).message).toContain("Run npm install --include=optional sharp");
  } finally {
    vi.doUnmock("sharp");
  }
});
