import { FormatError } from "../../util/errors.ts";
import { readBytes } from "../files/read-file.ts";
import { ImageDecoder } from "../images/decode.ts";
import { decodeLabels } from "../images/label-image.ts";
import type { Work } from "../jobs/in-order.ts";

/** A picture and the image that says what its pixels show. */
interface MaskedJob {
  readonly path: string;
  readonly mask: string;
}

const decoder = new ImageDecoder();

/** @throws Error where one cannot be read, is damaged, or they are of two sizes */
async function run({ path, mask }: MaskedJob): Promise<readonly number[]> {
  const { height, width } = await decoder.decode(readBytes(path, "image"), "color", path);
  const labels = await decodeLabels(readBytes(mask, "label image"), decoder, mask);
  if (labels.height !== height || labels.width !== width) {
    throw new FormatError(
      `${mask} is ${labels.height}×${labels.width}, and ${path} ${height}×${width}. Expected one size.`,
    );
  }
  const counts = Array.from({ length: 256 }, () => 0);
  const { data, offset, rowStep, columnStep } = labels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const label = data[offset + y * rowStep + x * columnStep] as number;
      counts[label] = (counts[label] as number) + 1;
    }
  }
  return counts;
}

/** Counts the pixels of each label, 0 to 255, of a picture; its outcome says what is wrong with either image. */
export const labelCounts: Work<MaskedJob, readonly number[]> = {
  run,
  module: import.meta.url,
  name: "labelCounts",
};
