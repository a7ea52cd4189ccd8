import type { Box } from "../../util/box.ts";
import { areaOf, clipBox, commonBox } from "../../util/box.ts";
import type { Cut } from "../images/native-transform.ts";
import type { Raster } from "../images/raster.ts";
import type { ResizePolicy } from "../images/resize-policy.ts";
import type { Annotation, AnnotationGroup } from "../proto/annotated-datum.ts";

/** Which boxes stay when a part of an image is seen: those whose middle lies in it, or of which it shows more than a share. */
export type EmitConstraint =
  | { readonly kind: "center" }
  | { readonly kind: "overlap"; readonly least: number };

// SSD computes boxes in 32-bit floats, step by step.
const { fround, max, min } = Math;

/**
 * The objects of an image as a part of it shows them, in shares of the part: boxes are cut off at its edges, those without
 * an area there are left out, and groups without a box too.
 *
 * @see SSD's TransformAnnotation
 */
export function seenIn(
  region: Box,
  groups: readonly AnnotationGroup[],
  emit: EmitConstraint | undefined,
): readonly AnnotationGroup[] {
  return moved(groups, (box) => {
    if (emit && !isEmitted(box, region, emit)) return undefined;
    return projected(box, region);
  });
}

/** Gives every box another place; undefined takes it away. */
function moved(
  groups: readonly AnnotationGroup[],
  place: (box: Box) => Box | undefined,
): readonly AnnotationGroup[] {
  const seen: AnnotationGroup[] = [];
  for (const { label, annotations } of groups) {
    const left: Annotation[] = [];
    for (const annotation of annotations) {
      const box = place(annotation.box);
      if (box) left.push({ ...annotation, box });
    }
    if (left.length > 0) seen.push({ label, annotations: left });
  }
  return seen;
}

function isEmitted(box: Box, region: Box, emit: EmitConstraint): boolean {
  if (emit.kind === "center") {
    const x = fround(fround(box[0] + box[2]) / 2);
    const y = fround(fround(box[1] + box[3]) / 2);
    return x >= region[0] && x <= region[2] && y >= region[1] && y <= region[3];
  }
  return coverage(box, region) > emit.least;
}

/** The share of a box that another covers. */
export function coverage(box: Box, by: Box): number {
  const common = areaOf(commonBox(box, by));
  return common > 0 ? fround(common / areaOf(box)) : 0;
}

function projected(box: Box, region: Box): Box | undefined {
  const isApart =
    box[0] >= region[2] || box[2] <= region[0] || box[1] >= region[3] || box[3] <= region[1];
  if (isApart) return undefined;
  const [width, height] = [fround(region[2] - region[0]), fround(region[3] - region[1])];
  const seen = clipBox([
    fround(fround(box[0] - region[0]) / width),
    fround(fround(box[1] - region[1]) / height),
    fround(fround(box[2] - region[0]) / width),
    fround(fround(box[3] - region[1]) / height),
  ]);
  return areaOf(seen) > 0 ? seen : undefined;
}

/**
 * The objects of an image after it was brought to a size, cut and mirrored.
 *
 * @param image as it was before
 * @param fitted as it was cut from
 * @see SSD's TransformAnnotation
 */
export function afterCut(
  groups: readonly AnnotationGroup[],
  image: Pick<Raster, "height" | "width">,
  fitted: Pick<Raster, "height" | "width">,
  cut: Cut,
  policy: ResizePolicy | undefined,
  emit: EmitConstraint | undefined,
): readonly AnnotationGroup[] {
  const region: Box = [
    fround(cut.left / fitted.width),
    fround(cut.top / fitted.height),
    fround((cut.left + cut.width) / fitted.width),
    fround((cut.top + cut.height) / fitted.height),
  ];
  const sized = policy ? moved(groups, (box) => resizedBox(box, policy, image)) : groups;
  const seen = seenIn(region, sized, emit);
  if (!cut.isMirrored && !(policy && isScaled(policy))) return seen;
  return moved(seen, ([x0, y0, x1, y1]) => {
    const box: Box = cut.isMirrored ? [fround(1 - x1), y0, fround(1 - x0), y1] : [x0, y0, x1, y1];
    return policy && isScaled(policy) ? inOwnScale(box, policy, image, region) : box;
  });
}

/** A box in shares of the image as the resized one shows it, padding included. */
function resizedBox(
  [x0, y0, x1, y1]: Box,
  { mode, height: toHeight, width: toWidth }: ResizePolicy,
  { height, width }: Pick<Raster, "height" | "width">,
): Box {
  const own = fround(width / height);
  const aspect = fround(toWidth / toHeight);
  let [newWidth, newHeight] = [toWidth, toHeight];
  let [padX, padY] = [0, 0];
  if (mode === "FIT_SMALL_SIZE") {
    if (own < aspect) newHeight = fround(toWidth / own);
    else newWidth = fround(own * toHeight);
  } else if (mode === "FIT_LARGE_SIZE_AND_PAD") {
    if (own > aspect) padY = fround(fround(toHeight - fround(toWidth / own)) / 2);
    else padX = fround(fround(toWidth - fround(own * toHeight)) / 2);
  }
  const along = (share: number, length: number, size: number, pad: number): number =>
    fround(fround(fround(share * length) * fround(size - fround(2 * pad))) / length);
  const low = (share: number, length: number, size: number, pad: number): number =>
    fround(fround(pad + max(0, along(share, length, size, pad))) / size);
  const high = (share: number, length: number, size: number, pad: number): number =>
    fround(fround(pad + min(size, along(share, length, size, pad))) / size);
  return [
    low(x0, width, newWidth, padX),
    low(y0, height, newHeight, padY),
    high(x1, width, newWidth, padX),
    high(y1, height, newHeight, padY),
  ];
}

function isScaled({ mode, heightScale, widthScale }: ResizePolicy): boolean {
  return mode === "FIT_SMALL_SIZE" && heightScale > 0 && widthScale > 0;
}

/** A box in shares of height_scale × width_scale instead of what was cut. */
function inOwnScale(
  [x0, y0, x1, y1]: Box,
  { height: toHeight, width: toWidth, heightScale, widthScale }: ResizePolicy,
  { height, width }: Pick<Raster, "height" | "width">,
  region: Box,
): Box {
  const own = fround(width / height);
  const isNarrow = own < fround(toWidth / toHeight);
  const newHeight = isNarrow ? fround(toWidth / own) : toHeight;
  const newWidth = isNarrow ? toWidth : fround(toHeight * own);
  const cutHeight = fround(newHeight * fround(region[3] - region[1]));
  const cutWidth = fround(newWidth * fround(region[2] - region[0]));
  const of = (share: number, cut: number, scale: number): number =>
    fround(fround(share * cut) / scale);
  return [
    of(x0, cutWidth, widthScale),
    of(y0, cutHeight, heightScale),
    of(x1, cutWidth, widthScale),
    of(y1, cutHeight, heightScale),
  ];
}
