import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encodeImage } from "../../src/io/images/encode.ts";
import { Random } from "../../src/util/random.ts";

/** Whether a place belongs to a figure; u and v are −1 to 1 across it. */
const FIGURES: Readonly<Record<string, (u: number, v: number) => boolean>> = {
  cross: (u, v) => Math.abs(u) < 0.3 || Math.abs(v) < 0.3,
  disc: (u, v) => u * u + v * v <= 1,
  ring: (u, v) => u * u + v * v <= 1 && u * u + v * v >= 0.4,
  square: () => true,
};

/** The classes that can be drawn, in order. */
export const FIGURE_NAMES: readonly string[] = Object.keys(FIGURES);

/** Draws a figure of any colour, size and place on noise; its file's ending says of which kind it is. */
export async function drawPicture(path: string, figure: string, seed: number): Promise<void> {
  const random = new Random(seed, figure);
  const side = 40 + random.below(20);
  const size = Math.floor(side * random.uniform(0.45, 0.75));
  const [left, top] = [random.below(side - size), random.below(side - size)];
  const data = Uint8Array.from({ length: 3 * side * side }, () => 40 + random.below(60));
  const colors = [0, 1, 2].map(() => 140 + random.below(110));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (!FIGURES[figure]?.((2 * x) / (size - 1) - 1, (2 * y) / (size - 1) - 1)) continue;
      for (const [c, color] of colors.entries()) {
        data[(c * side + top + y) * side + left + x] = color;
      }
    }
  }
  mkdirSync(dirname(path), { recursive: true });
  const image = { channels: 3, height: side, width: side, data };
  writeFileSync(path, await encodeImage(image, path.slice(path.lastIndexOf(".") + 1)));
}

/** Draws so many pictures of each class, as `folder/class/007.png`. */
export async function drawFolder(
  folder: string,
  count: number,
  classes: readonly string[] = FIGURE_NAMES,
): Promise<void> {
  for (const name of classes) {
    for (let i = 0; i < count; i++) {
      await drawPicture(join(folder, name, `${String(i).padStart(3, "0")}.png`), name, i);
    }
  }
}
