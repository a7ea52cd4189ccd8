import { join, resolve } from "node:path";
import type { PictureSet } from "./picture.ts";
import type { WrittenPart } from "./readme-text.ts";
import { writeText } from "./run-draft.ts";

const PARTS = ["train", "val"] as const;

/**
 * Writes each part's list of pictures with a file that belongs to each: `picture file` on each line, both from where this runs if
 * all of them lie below it, else from the root of all files.
 * @param place the folder to write them to; images: where the pictures' paths begin
 */
export function writePairLists(
  place: string,
  images: string,
  sets: Readonly<Record<(typeof PARTS)[number], PictureSet>>,
  files: ReadonlyMap<string, string>,
): WrittenPart[] {
  const here = `${resolve(".")}/`;
  const lists = PARTS.map((name) => ({
    name,
    pairs: sets[name].pictures.map(({ path }) => [resolve(images, path), files.get(path) ?? ""]),
  }));
  const isHere = lists.every(({ pairs }) => pairs.flat().every((path) => path.startsWith(here)));
  const [root, cut] = isHere ? ["./", here.length] : ["/", 1];
  return lists.map(({ name, pairs }) => {
    const lines = pairs.map((paths) => `${paths.map((path) => path.slice(cut)).join(" ")}\n`);
    writeText(join(place, `${name}.txt`), lines.join(""));
    return { name, root, count: pairs.length };
  });
}
