import { decodeRecord } from "../db/records.ts";
import { pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import { decodeLabels } from "../images/label-image.ts";
import type { Work } from "../jobs/in-order.ts";

const decoder = new ImageDecoder();

/** @throws Error that says what is wrong with the record of these bytes */
async function run(value: Uint8Array): Promise<undefined> {
  const { datum, groups } = decodeRecord(value);
  const { height, width } = await pixelsOf(datum, decoder, "unchanged");
  if (datum.mask) {
    const mask = await decodeLabels(datum.mask, decoder, "its mask");
    if (mask.height !== height || mask.width !== width) {
      throw new Error(
        `its mask is ${mask.height}×${mask.width}. Expected ${height}×${width}, the image's size.`,
      );
    }
  }
  // Beside boxes the label of the image says nothing.
  const labels = groups ? groups.map(({ label }) => label) : [datum.label];
  const wrong = labels.find((label) => label < 0);
  if (wrong !== undefined) throw new Error(`its label is ${wrong}. Expected 0 or more.`);
  for (const { box } of groups?.flatMap(({ annotations }) => annotations) ?? []) {
    const [xmin, ymin, xmax, ymax] = box;
    if (xmin <= xmax && ymin <= ymax) continue;
    throw new Error(`an object's box is ${box.join(", ")}. Expected xmin ≤ xmax and ymin ≤ ymax.`);
  }
}

/** Looks at one record: that it is whole, its image and mask too. */
export const checkRecord: Work<Uint8Array, undefined> = {
  run,
  module: import.meta.url,
  name: "checkRecord",
};
