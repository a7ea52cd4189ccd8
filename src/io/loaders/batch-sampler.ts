import { type Box, clipBox, overlapOf } from "../../util/box.ts";
import type { Random } from "../../util/random.ts";
import type { Shown } from "../images/expansion.ts";
import { cropped, type Raster } from "../images/raster.ts";
import type { AnnotationGroup } from "../proto/annotated-datum.ts";
import { coverage } from "./moved-boxes.ts";

/** Least and most of something; undefined where there is no such limit. */
interface Range {
  readonly least: number | undefined;
  readonly most: number | undefined;
}

/** One batch_sampler: it draws parts of an image, and takes those that its limits allow. */
export interface BatchSampler {
  readonly minScale: number;
  readonly maxScale: number;
  readonly minAspect: number;
  readonly maxAspect: number;
  /** Of the part's overlap with a box, the part's share that a box covers, and the box's that the part covers. */
  readonly jaccard: Range;
  readonly sampleCoverage: Range;
  readonly objectCoverage: Range;
  /** It stops after so many parts that it takes, and draws no more than so many. */
  readonly maxSample: number | undefined;
  readonly maxTrials: number;
}

/** How a part of an image is drawn for each of its uses. */
export type PartSampler =
  | { readonly kind: "samplers"; readonly samplers: readonly BatchSampler[] }
  /** YOLO's: each side is up to `jitter` shorter; both as much where the aspect is kept. */
  | { readonly kind: "jitter"; readonly jitter: number };

const { fround, sqrt } = Math;

/**
 * Draws a part of an image, in shares of it; undefined where no sampler finds one.
 *
 * @param keepsAspect whether YOLO's sides are both as much shorter
 * @see SSD's GenerateBatchSamples; YOLO's GenerateJitterSamples
 */
export function drawPart(
  sampler: PartSampler,
  groups: readonly AnnotationGroup[],
  keepsAspect: boolean,
  random: Random,
): Box | undefined {
  if (sampler.kind === "jitter") return jittered(sampler.jitter, keepsAspect, random);
  const objects = groups.flatMap(({ annotations }) => annotations.map(({ box }) => box));
  const parts: Box[] = [];
  for (const one of sampler.samplers) addParts(one, objects, parts, random);
  return parts.length > 0 ? parts[random.below(parts.length)] : undefined;
}

/** The part of an image that a box of shares shows, in the same memory: whole pixels, one at least. */
export function partOf(image: Raster, part: Box): Shown {
  const [x0, y0, x1, y1] = clipBox(part);
  const { height, width } = image;
  const left = Math.min(Math.trunc(fround(x0 * width)), width - 1);
  const top = Math.min(Math.trunc(fround(y0 * height)), height - 1);
  const columns = Math.max(Math.trunc(fround(fround(x1 * width) - fround(x0 * width))), 1);
  const rows = Math.max(Math.trunc(fround(fround(y1 * height) - fround(y0 * height))), 1);
  return {
    image: cropped(image, top, left, rows, columns),
    region: [left / width, top / height, (left + columns) / width, (top + rows) / height],
  };
}

function addParts(
  sampler: BatchSampler,
  objects: readonly Box[],
  parts: Box[],
  random: Random,
): void {
  const { maxSample, maxTrials } = sampler;
  let found = 0;
  for (let trial = 0; trial < maxTrials; trial++) {
    if (maxSample !== undefined && found >= maxSample) return;
    const part = sampled(sampler, random);
    if (!isAllowed(part, objects, sampler)) continue;
    found++;
    parts.push(part);
  }
}

function sampled({ minScale, maxScale, minAspect, maxAspect }: BatchSampler, random: Random): Box {
  const scale = fround(random.uniform(minScale, maxScale));
  const drawn = fround(random.uniform(minAspect, maxAspect));
  // A part of this aspect that is no wider or higher than the image.
  const square = scale * scale;
  const aspect = fround(Math.min(Math.max(drawn, square), 1 / square));
  const width = fround(scale * sqrt(aspect));
  const height = fround(scale / sqrt(aspect));
  const left = fround(random.uniform(0, Math.max(1 - width, 0)));
  const top = fround(random.uniform(0, Math.max(1 - height, 0)));
  return [left, top, fround(left + width), fround(top + height)];
}

/** Whether a part meets every limit with one box; without a limit any part does. */
function isAllowed(
  part: Box,
  objects: readonly Box[],
  { jaccard, sampleCoverage, objectCoverage }: BatchSampler,
): boolean {
  const limits = [
    [jaccard, (box: Box): number => overlapOf(part, box)],
    [sampleCoverage, (box: Box): number => coverage(part, box)],
    [objectCoverage, (box: Box): number => coverage(box, part)],
  ] as const;
  const set = limits.filter(([{ least, most }]) => least !== undefined || most !== undefined);
  if (set.length === 0) return true;
  return objects.some((box) =>
    set.every(([{ least, most }, of]) => {
      const value = of(box);
      return !(least !== undefined && value < least) && !(most !== undefined && value > most);
    }),
  );
}

/** The whole image once in five, a part by half as much once in five. */
function jittered(jitter: number, keepsAspect: boolean, random: Random): Box {
  const drawn = random.uniform();
  if (drawn < 0.2) return [0, 0, 1, 1];
  const most = drawn < 0.4 ? jitter / 2 : jitter;
  const width = fround(random.uniform(1 - most, 1));
  const height = keepsAspect ? width : fround(random.uniform(1 - most, 1));
  const left = fround(random.uniform(0, 1 - width));
  const top = fround(random.uniform(0, 1 - height));
  return [left, top, fround(left + width), fround(top + height)];
}
