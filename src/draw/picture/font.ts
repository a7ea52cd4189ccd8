/** Letters of a picture: Helvetica, which every PDF reader has, or what stands in for it elsewhere. */

/** Widths of the characters from space to tilde, in thousandths of the letters' size, as Adobe's metrics of the fonts give them. */
const REGULAR = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
  556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
  611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
  667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
  222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const BOLD = [
  278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
  556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
  611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
  667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
  278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];
/** Widths of other characters: those of scripts whose letters are as wide as high, and an ellipsis; the rest. */
const WIDE = 1000;
const OTHER = 584;

/** Other fonts are wider than Helvetica, the one that this picture is shown with perhaps. */
const SLACK = 1.08;

/** How wide a text of one line is in Helvetica, in points. */
export function textWidth(text: string, size: number, isBold = false): number {
  const widths = isBold ? BOLD : REGULAR;
  let sum = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    sum += widths[code - 32] ?? (code >= 0x1100 ? WIDE : OTHER);
  }
  return (sum / 1000) * size;
}

/** How much room a text takes in any such font. */
export function textRoom(text: string, size: number, isBold = false): number {
  return textWidth(text, size, isBold) * SLACK;
}
