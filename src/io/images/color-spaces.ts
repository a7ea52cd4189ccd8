import { roundHalfToEven } from "./bytes.ts";

/**
 * Colour spaces of bytes as OpenCV has them. Each works in place on an image channel by channel: plane c is bytes
 * [c · size, (c + 1) · size), three planes.
 *
 * @see OpenCV's cvtColor
 */

/** Bits of the shares below. */
const BITS = 14;
const HALF = 1 << (BITS - 1);

/** Blue, green, red to grey in all three: 0.114 b + 0.587 g + 0.299 r. */
export function toGrey(planes: Uint8Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const grey = greyOf(
      planes[i] as number,
      planes[size + i] as number,
      planes[2 * size + i] as number,
    );
    planes[i] = grey;
    planes[size + i] = grey;
    planes[2 * size + i] = grey;
  }
}

function greyOf(blue: number, green: number, red: number): number {
  return (1868 * blue + 9617 * green + 4899 * red + HALF) >> BITS;
}

/** Blue, green, red to Y, Cr, Cb. */
export function toYCrCb(planes: Uint8Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const [blue, red] = [planes[i] as number, planes[2 * size + i] as number];
    const grey = greyOf(blue, planes[size + i] as number, red);
    planes[i] = grey;
    planes[size + i] = cut(((red - grey) * 11_682 + (128 << BITS) + HALF) >> BITS);
    planes[2 * size + i] = cut(((blue - grey) * 9241 + (128 << BITS) + HALF) >> BITS);
  }
}

/** Y, Cr, Cb to blue, green, red. */
export function fromYCrCb(planes: Uint8Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const grey = planes[i] as number;
    const cr = (planes[size + i] as number) - 128;
    const cb = (planes[2 * size + i] as number) - 128;
    planes[i] = cut(grey + ((cb * 29_049 + HALF) >> BITS));
    planes[size + i] = cut(grey + ((cb * -5636 + cr * -11_698 + HALF) >> BITS));
    planes[2 * size + i] = cut(grey + ((cr * 22_987 + HALF) >> BITS));
  }
}

/** 255 / v and 180 / (6 d), in whole numbers of 1/4096. */
const [saturations, hues] = [
  Int32Array.from({ length: 256 }, (_, v) => (v ? roundHalfToEven((255 * 4096) / v) : 0)),
  Int32Array.from({ length: 256 }, (_, d) => (d ? roundHalfToEven((180 * 4096) / (6 * d)) : 0)),
];

/** Blue, green, red to hue (0 to 179, in steps of two degrees), saturation and value. */
export function toHsv(planes: Uint8Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const blue = planes[i] as number;
    const green = planes[size + i] as number;
    const red = planes[2 * size + i] as number;
    const most = Math.max(blue, green, red);
    const spread = most - Math.min(blue, green, red);
    const turn =
      most === red
        ? green - blue
        : most === green
          ? blue - red + 2 * spread
          : red - green + 4 * spread;
    const hue = (turn * (hues[spread] as number) + 2048) >> 12;
    planes[i] = hue < 0 ? hue + 180 : hue;
    planes[size + i] = (spread * (saturations[most] as number) + 2048) >> 12;
    planes[2 * size + i] = most;
  }
}

/** Hue, saturation, value to blue, green, red; hues of 180 and more go on from 0. */
export function fromHsv(planes: Uint8Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const value = planes[2 * size + i] as number;
    const saturation = (planes[size + i] as number) / 255;
    const sixths = (planes[i] as number) / 30;
    const sector = Math.floor(sixths);
    const share = sixths - sector;
    const least = roundHalfToEven(value * (1 - saturation));
    const falling = roundHalfToEven(value * (1 - saturation * share));
    const rising = roundHalfToEven(value * (1 - saturation * (1 - share)));
    const [blue, green, red] = sectors(sector % 6, value, least, falling, rising);
    planes[i] = blue;
    planes[size + i] = green;
    planes[2 * size + i] = red;
  }
}

function sectors(
  sector: number,
  value: number,
  least: number,
  falling: number,
  rising: number,
): readonly [number, number, number] {
  if (sector === 0) return [least, rising, value];
  if (sector === 1) return [least, value, falling];
  if (sector === 2) return [rising, value, least];
  if (sector === 3) return [value, falling, least];
  if (sector === 4) return [value, least, rising];
  return [falling, least, value];
}

/** Shares of red, green and blue in X, Y and Z over the white point's (D65), of linear light. */
const XYZ = [
  [0.412453 / 0.950456, 0.35758 / 0.950456, 0.180423 / 0.950456],
  [0.212671, 0.71516, 0.072169],
  [0.019334 / 1.088754, 0.119193 / 1.088754, 0.950227 / 1.088754],
] as const;

/** sRGB's bytes as linear light. */
const linear = Float64Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

/** Blue, green, red to L (of 255), a and b (around 128). */
export function toLab(planes: Uint8Array, size: number): void {
  const root = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  for (let i = 0; i < size; i++) {
    const blue = linear[planes[i] as number] as number;
    const green = linear[planes[size + i] as number] as number;
    const red = linear[planes[2 * size + i] as number] as number;
    const [x, y, z] = XYZ.map(([r, g, b]) => root(r * red + g * green + b * blue)) as [
      number,
      number,
      number,
    ];
    planes[i] = cut(roundHalfToEven((116 * y - 16) * 2.55));
    planes[size + i] = cut(roundHalfToEven(500 * (x - y) + 128));
    planes[2 * size + i] = cut(roundHalfToEven(200 * (y - z) + 128));
  }
}

function cut(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}
