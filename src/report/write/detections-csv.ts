import { csvName } from "../../util/csv.ts";
import { printable } from "../../util/printable.ts";
import type { DetectedObject } from "../collect/detected.ts";

/** Every detection, as a table; `right` is empty where it counts neither way. */
export function* detectionsCsv(
  objects: readonly DetectedObject[],
  called: ReadonlyMap<number, string>,
  nameOf: (label: number) => string,
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode("record,name,label,label_name,score,right\n");
  for (const { record, label, score, isRight } of objects) {
    const [name, ofLabel] = [called.get(record) ?? "", nameOf(label)].map((text) =>
      csvName(printable(text)),
    );
    const right = isRight === undefined ? "" : Number(isRight);
    const number = Number(score.toPrecision(6));
    yield encoder.encode(`${[record, name, label, ofLabel, number, right].join(",")}\n`);
  }
}
