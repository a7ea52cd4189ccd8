/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/**
 * The colour of a class in maps of classes, as PASCAL VOC has it: black, maroon, green, olive, navy, … Of the number's bits the
 * first three make the highest bit of red, green and blue, the next three the second, and so on.
 */
export function mapColour(label: number): Colour {
  const channel = (first: number): number => {
    let value = 0;
    for (let bit = 0; bit < 8; bit++) value |= ((label >> (3 * bit + first)) & 1) << (7 - bit);
    return value;
  };
  return [channel(0), channel(1), channel(2)];
}

/** The colours of Cityscapes' 19 classes, in the order of their numbers in training. */
export const CITYSCAPES_COLOURS: readonly Colour[] = [
  [128, 64, 128],
  [244, 35, 232],
  [70, 70, 70],
  [102, 102, 156],
  [190, 153, 153],
  [153, 153, 153],
  [250, 170, 30],
  [220, 220, 0],
  [107, 142, 35],
  [152, 251, 152],
  [70, 130, 180],
  [220, 20, 60],
  [255, 0, 0],
  [0, 0, 142],
  [0, 0, 70],
  [0, 60, 100],
  [0, 80, 100],
  [0, 0, 230],
  [119, 11, 32],
];

/** A bright colour for a class's boxes: neighbours lie a golden angle apart on the circle of hues. */
export function boxColour(label: number): Colour {
  const hue = (label * 137.508) % 360;
  const channel = (shift: number): number => {
    const at = (shift + hue / 30) % 12;
    return Math.round(255 * (0.45 - 0.42 * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
