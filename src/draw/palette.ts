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

/** A bright colour for a class's boxes: neighbours lie a golden angle apart on the circle of hues. */
export function boxColour(label: number): Colour {
  const hue = (label * 137.508) % 360;
  const channel = (shift: number): number => {
    const at = (shift + hue / 30) % 12;
    return Math.round(255 * (0.45 - 0.42 * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
