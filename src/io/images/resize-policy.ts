import type { Box } from "../../util/box.ts";
import { FormatError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import { toByte } from "./bytes.ts";
import { type Interpolation, resized } from "./interpolation.ts";
import { bytesFor, planar, type Raster } from "./raster.ts";

/** One resize_param: how an image comes to a size. */
export interface ResizePolicy {
  /** Its share where there are several. */
  readonly probability: number;
  readonly mode: "WARP" | "FIT_SMALL_SIZE" | "FIT_LARGE_SIZE_AND_PAD";
  readonly height: number;
  readonly width: number;
  /** Boxes are told in shares of this size where the mode is FIT_SMALL_SIZE; 0 by 0 for that of the image. */
  readonly heightScale: number;
  readonly widthScale: number;
  readonly padMode: "CONSTANT" | "MIRRORED" | "REPEAT_NEAREST";
  /** None, one for all channels, or one for each. */
  readonly padValues: readonly number[];
  /** One is drawn; LINEAR where there is none. */
  readonly interpolations: readonly Interpolation[];
}

const { fround, floor, max } = Math;

/** The size an image is brought to before anything is put beside it. */
function innerSize(
  { mode, height, width }: ResizePolicy,
  image: Pick<Raster, "height" | "width">,
): readonly [height: number, width: number] {
  if (mode === "WARP") return [height, width];
  // In 32-bit floats, step by step, as in SSD.
  const own = fround(image.width / image.height);
  const isWider = own > fround(width / height);
  const keepsWidth = mode === "FIT_LARGE_SIZE_AND_PAD" ? isWider : own < fround(width / height);
  return keepsWidth
    ? [max(floor(fround(width / own)), 1), width]
    : [height, max(floor(fround(own * height)), 1)];
}

/** (H, W) of what becomes of an image. */
export function policySize(
  policy: ResizePolicy,
  image: Pick<Raster, "height" | "width">,
): readonly [height: number, width: number] {
  return policy.mode === "FIT_SMALL_SIZE"
    ? innerSize(policy, image)
    : [policy.height, policy.width];
}

/** The box that an image shows when a policy has brought it to its size, in shares of what it was: more than all with FIT_LARGE_SIZE_AND_PAD. */
export function policyRegion(policy: ResizePolicy, image: Pick<Raster, "height" | "width">): Box {
  if (policy.mode !== "FIT_LARGE_SIZE_AND_PAD") return [0, 0, 1, 1];
  const [rows, columns] = innerSize(policy, image);
  const [top, left] = [before(rows, policy.height), before(columns, policy.width)];
  return [
    -left / columns,
    -top / rows,
    (policy.width - left) / columns,
    (policy.height - top) / rows,
  ];
}

/**
 * Brings an image of bytes to the size that a policy asks for.
 *
 * WARP: to height × width. FIT_SMALL_SIZE: as large as leaves nothing of height × width uncovered, at its own aspect.
 * FIT_LARGE_SIZE_AND_PAD: as large as fits into height × width at its own aspect, in the middle, the rest filled with
 * pad_value, or the image mirrored, or its edge.
 *
 * @param random draws the interpolation where there are several
 * @throws FormatError where there are not as many pad values as channels
 * @see SSD's ApplyResize
 */
export function applyPolicy(
  policy: ResizePolicy,
  image: Raster,
  random: Random | undefined,
): Raster {
  const { interpolations } = policy;
  const drawn = interpolations.length > 1 ? (random?.below(interpolations.length) ?? 0) : 0;
  const [height, width] = innerSize(policy, image);
  const inner = resized(image, height, width, interpolations[drawn] ?? "LINEAR");
  return policy.mode === "FIT_LARGE_SIZE_AND_PAD" ? surrounded(policy, inner) : inner;
}

function surrounded({ height, width, padMode, padValues }: ResizePolicy, inner: Raster): Raster {
  const { channels } = inner;
  if (inner.height === height && inner.width === width) return inner;
  if (padValues.length > 1 && padValues.length !== channels) {
    throw new FormatError(
      `resize_param.pad_value is given ${padValues.length} times. Specify either 1 pad_value or as many as channels: ${channels}.`,
    );
  }
  const rows = places(inner.height, height, padMode);
  const columns = places(inner.width, width, padMode);
  const data = bytesFor(channels, height, width);
  for (let c = 0, at = 0; c < channels; c++) {
    const value = toByte(padValues[padValues.length > 1 ? c : 0] ?? 0);
    const start = inner.offset + c * inner.channelStep;
    for (let y = 0; y < height; y++) {
      const row = rows[y] as number;
      for (let x = 0; x < width; x++, at++) {
        const column = columns[x] as number;
        data[at] =
          row < 0 || column < 0
            ? value
            : (inner.data[start + row * inner.rowStep + column * inner.columnStep] as number);
      }
    }
  }
  return planar(data, channels, height, width);
}

/** How many places of `to` lie before `from` in its middle. */
function before(from: number, to: number): number {
  return floor((to - from) / 2);
}

/** Which of `from` places each of `to` shows, `from` in the middle; −1 where it shows none. */
function places(from: number, to: number, mode: ResizePolicy["padMode"]): Int32Array {
  const first = before(from, to);
  return Int32Array.from({ length: to }, (_, i) => {
    const place = i - first;
    if (place >= 0 && place < from) return place;
    if (mode === "CONSTANT") return -1;
    return mode === "REPEAT_NEAREST"
      ? Math.min(max(place, 0), from - 1)
      : mirroredPlace(place, from);
  });
}

/** A place beyond a side of `length`, seen in mirrors at its first and last place, which come once. */
export function mirroredPlace(place: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const within = ((place % period) + period) % period;
  return within < length ? within : period - within;
}
