import { nameOfLabel } from "../../inference/class-names.ts";
import { eventNumber } from "../../run-record/events.ts";
import type { Batch, BatchRecord, LabelledBox } from "../api.ts";
import type { BatchCopy } from "../live/batch-copy.ts";
import { pixelsOf, rangeOf, recordPicture } from "./pixels.ts";

/** Numbers of an object in SSD's labels. */
const OBJECT = 8;

/** A batch as a page shows it: pixels brought back, labels with their names. */
export async function batchView(
  copy: BatchCopy,
  names: ReadonlyMap<number, string>,
): Promise<Batch> {
  const { layer, shape, records: count, values, labels, labelsOfRecord } = copy;
  const pixels = pixelsOf(copy.transform);
  const [, channels = 1, height = 1, width = 1] = shape;
  const range = rangeOf(values, pixels, channels, height * width);
  const length = values.length / Math.max(1, count);
  const records: BatchRecord[] = [];
  for (let r = 0; r < count; r++) {
    const own = labels.subarray(r * labelsOfRecord, (r + 1) * labelsOfRecord);
    const [first] = own;
    const part = values.subarray(r * length, (r + 1) * length);
    const boxes = copy.objects ? boxesOf(copy.objects, r, { width, height }, names) : [];
    const isNamed = labelsOfRecord === 1 && first !== undefined && Number.isInteger(first);
    records.push({
      picture: await recordPicture(part, shape.slice(1), pixels, range),
      labels: Array.from(own, eventNumber),
      name: isNamed ? names.get(first) : undefined,
      boxes,
    });
  }
  const stretched =
    range[0] === 0 && range[1] === 255
      ? ""
      : `, stretched from ${range.map((value) => Number(value.toPrecision(3))).join(" to ")}`;
  return { layer, shape, records, about: pixels.about + stretched };
}

/** The objects of a record, in pixels of its picture. */
function boxesOf(
  objects: Float32Array,
  record: number,
  { width, height }: { readonly width: number; readonly height: number },
  names: ReadonlyMap<number, string>,
): LabelledBox[] {
  const boxes: LabelledBox[] = [];
  for (let at = 0; at + OBJECT <= objects.length; at += OBJECT) {
    const [item, label = 0, , left = 0, top = 0, right = 0, bottom = 0] = objects.subarray(
      at,
      at + OBJECT,
    );
    if (item !== record) continue;
    boxes.push({
      ...{ label, name: nameOfLabel(names, label), x: left * width, y: top * height },
      ...{ width: (right - left) * width, height: (bottom - top) * height },
    });
  }
  return boxes;
}
