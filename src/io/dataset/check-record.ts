import { pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { Work } from "../jobs/in-order.ts";
import { decodeDatum } from "../proto/datum.ts";

const decoder = new ImageDecoder();

/** @throws Error that says what is wrong with the record of these bytes */
async function run(value: Uint8Array): Promise<undefined> {
  const datum = decodeDatum(value, "its Datum");
  await pixelsOf(datum, decoder, "unchanged");
  if (datum.label < 0) throw new Error(`its label is ${datum.label}. Expected 0 or more.`);
}

/** Looks at one record: that it is whole, its image too. */
export const checkRecord: Work<Uint8Array, undefined> = {
  run,
  module: import.meta.url,
  name: "checkRecord",
};
