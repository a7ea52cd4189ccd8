/** A part of an axis. */
export type Stretch = readonly [from: number, to: number];

/** What a key makes of the stretch that is shown, of `all`: undefined for all of it, null where it is no key of a chart. */
export function keyZoom(
  key: string,
  [from, to]: Stretch,
  [first, last]: Stretch,
): Stretch | undefined | null {
  const length = to - from;
  const moved = (by: number): Stretch => {
    const start = Math.min(Math.max(from + by, first), Math.max(first, last - length));
    return [start, start + length];
  };
  switch (key) {
    case "+":
    case "=":
      return [from + length / 4, to - length / 4];
    case "-": {
      if (length * 2 >= last - first) return undefined;
      const [start] = moved(-length / 2);
      return [Math.min(start, last - 2 * length), Math.min(start, last - 2 * length) + 2 * length];
    }
    case "ArrowLeft":
      return moved(-length / 5);
    case "ArrowRight":
      return moved(length / 5);
    case "0":
      return undefined;
    default:
      return null;
  }
}
