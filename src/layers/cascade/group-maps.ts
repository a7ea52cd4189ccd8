import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import type { Blobs } from "../base/layer.ts";
import { type FieldMaps, LABEL_CHANNELS } from "./field-maps.ts";
import type { Field } from "./fields.ts";

/** What the layers of groups of anchors read of their parameters. */
interface GroupParameter {
  readonly cls_num?: number | undefined;
  readonly field_w?: readonly number[] | undefined;
  readonly field_h?: readonly number[] | undefined;
  readonly stride?: number | undefined;
  readonly objectness: boolean;
}

/**
 * The fields of a group's anchors.
 * @param fail called where a field of the parameter `name` is missing or does not fit
 */
export function groupFields(
  name: string,
  { cls_num = 0, field_w = [], field_h = [], stride = 0, objectness }: GroupParameter,
  fail: (message: string) => never,
): readonly Field[] {
  const sizes = [...field_w, ...field_h, stride];
  if (!(field_w.length > 0 && field_w.length === field_h.length && sizes.every((n) => n > 0))) {
    fail(
      `${name} has ${field_w.length} field_w, ${field_h.length} field_h and stride ${stride}. Expected as many of both, all above 0.`,
    );
  }
  if (cls_num < 1) fail(`${name}.cls_num is ${cls_num}. Expected 1 or more.`);
  if (objectness && cls_num !== 2) {
    fail(`${name}.cls_num is ${cls_num} with objectness: true. Expected 2.`);
  }
  return field_w.map((width, i) => ({ width, height: field_h[i]!, stride }));
}

/** Looks at the shapes of scores, offsets and labels. */
export function checkGroupShapes(
  [scores, offsets, labels]: Blobs,
  { cls_num = 0, field_w = [] }: GroupParameter,
  fail: (message: string) => never,
): void {
  const [items = 0, , ...rest] = scores!.shape;
  const expect = (what: string, blob: Blob, channels: number): void => {
    const wanted = [items, channels, ...rest];
    const fits = rest.length === 2 && items % field_w.length === 0;
    if (fits && shapeText(blob.shape) === shapeText(wanted)) return;
    fail(
      `${what} have shape ${shapeText(blob.shape)}. Expected (N·${field_w.length})×${channels}×H×W, as many for all bottoms.`,
    );
  };
  expect("scores", scores!, cls_num);
  expect("offsets", offsets!, 4);
  expect("labels", labels!, LABEL_CHANNELS);
}

/** The maps of the three bottoms. */
export function groupMaps(
  [scores, offsets, labels]: readonly [Blob, Blob, Blob],
  { cls_num = 0, field_w = [], field_h = [], stride = 0 }: GroupParameter,
): FieldMaps {
  return {
    scores: { blob: scores, first: 0 },
    offsets: { blob: offsets, first: 0 },
    labels,
    classes: cls_num,
    fields: field_w.map((width, i) => ({ width, height: field_h[i]!, stride })),
  };
}
