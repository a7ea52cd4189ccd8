import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { Net } from "../../src/net/net.ts";

/** A grey PNG whose pixel (y, x) is 10y + x. */
const draw = (root: string, file: string, height: number, width: number): Promise<unknown> =>
  sharp(
    Uint8Array.from({ length: height * width }, (_, i) => 10 * Math.floor(i / width) + (i % width)),
    { raw: { width, height, channels: 1 } },
  )
    .toColourspace("b-w")
    .png()
    .toFile(join(root, file));

/** Window files of MS-CNN and Cascade R-CNN, and their images, good and bad. */
export async function writeObjectFiles(root: string): Promise<void> {
  const text = (file: string, lines: readonly string[]): void =>
    writeFileSync(join(root, file), `${lines.join("\n")}\n`);
  await draw(root, "a.png", 8, 16);
  await draw(root, "b.png", 16, 8);
  // One object at (2, 2)-(5, 5), one that is ignored, and a region.
  text("mscnn.txt", ["# 0 a.png 1 8 16 2", "3 0 1 1 5 5", "2 1 9 1 13 5", "1", "12 4 16 8"]);
  text("cascade.txt", [
    "# 0 a.png 1 8 16 2",
    "3 0 0 0 0 3 3",
    "2 1 1 9 1 12 4",
    "1 12 4 15 7",
    "# 1 b.png 1 16 8 0 0",
  ]);
  text("empty.txt", [""]);
  text("columns.txt", ["# 0 a.png 1 8 16 1", "3 0 1 1 5", "0"]);
  text("class.txt", ["# 0 a.png 1 8 16 1", "0 0 1 1 5 5", "0"]);
  text("lost.txt", ["# 0 lost.png 1 8 16 0 0"]);
  text(
    "high.txt",
    [0, 1, 2, 3].map((i) => `# ${i} ${i % 2 === 0 ? "a.png 1 8 16" : "b.png 1 16 8"} 0 0`),
  );
}

export const tops = (names: readonly string[]): string =>
  names.map((name) => `top: "${name}"`).join(" ");

export const values = (net: Net, name: string): number[] => [...net.blob(name).values()];

/** Rows of so many numbers. */
export const rows = (numbers: readonly number[], columns: number): number[][] =>
  Array.from({ length: numbers.length / columns }, (_, i) =>
    numbers.slice(columns * i, columns * (i + 1)),
  );
