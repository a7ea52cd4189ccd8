import { csvName } from "../../util/csv.ts";
import type { DetectedObject } from "../collect/detected.ts";

/** Every detection, as a table; `right` is empty where it counts neither way, edges are shares of the net's input. */
export function* detectionsCsv(
  objects: readonly DetectedObject[],
  called: ReadonlyMap<number, string>,
  nameOf: (label: number) => string,
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode("record,name,label,label_name,score,right,xmin,ymin,xmax,ymax\n");
  for (const { record, label, score, isRight, box } of objects) {
    const [name, ofLabel] = [called.get(record) ?? "", nameOf(label)].map((text) => csvName(text));
    const right = isRight === undefined ? "" : Number(isRight);
    const number = Number(score.toPrecision(6));
    const edges = box.map((edge) => Number(edge.toPrecision(6)));
    yield encoder.encode(`${[record, name, label, ofLabel, number, right, ...edges].join(",")}\n`);
  }
}
