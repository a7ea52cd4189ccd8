// Data layers whose source is damaged.
import { beforeAll, expect, test } from "vitest";
import { data, images, loss, rows, windows, writeDamagedSources } from "../support/damaged.ts";
import { netOf } from "../support/nets.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = temporaryFolder();
beforeAll(() => writeDamagedSources(root));

/** Builds a net and runs two batches of it; the error's text. */
async function failureOf(text: string): Promise<string> {
  try {
    const net = netOf(text, { root });
    try {
      await net.forward();
      await net.forward();
    } finally {
      net.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

test.each<[string, string, RegExp]>([
  ["a truncated LMDB", data("cut_lmdb", 1), /cut_lmdb\/data\.mdb: the file has 30000 bytes, and/],
  [
    "a truncated LevelDB",
    data("cut_leveldb", 1),
    /cut_leveldb\/\d+\.ldb: it does not end as a table does/,
  ],
  [
    "a Datum of another shape",
    data("other_shape", 4),
    /other_shape: key "00000002_x": it becomes 1×3×3/,
  ],
  [
    "a JPEG cut in half",
    data("cut_jpeg", 3),
    /cut_jpeg: key "00000002_x": Could not load its image/,
  ],
  [
    "a label out of range",
    data("labels", 3) + loss,
    /label 7 at position 2\. Expected 0 to 2, a class\. The sample is .*labels: key "00000002_x"\./,
  ],
  ["a listed image cut in half", images("half"), /half\.txt:2: Could not load .*half\.jpg: /],
  [
    "a list with a missing image",
    images("missing"),
    /missing\.txt:2: image ".*gone\.jpg" cannot be read: no such file/,
  ],
  [
    "a decompression bomb",
    images("bomb"),
    /bomb\.txt:2: Could not load .*bomb\.png: it is 100000×100000/,
  ],
  [
    "a path out of the folder",
    images("outside"),
    /outside\.txt:2: \.\.\/.*passwd leads out of images\//,
  ],
  [
    "a listed label out of range",
    images("labels") + loss,
    /label 9 at position 1\. .* The sample is .*labels\.txt:2\./,
  ],
  [
    "a window's image cut in half",
    windows("windows"),
    /windows\.txt: image 0: Could not load .*half\.jpg/,
  ],
  [
    "a window's image outside",
    windows("outside_windows"),
    /outside_windows\.txt: image 0: \.\.\/x\.jpg leads out of/,
  ],
  [
    "a window file with a word for a number",
    windows("five"),
    /five\.txt:6: the number of windows is "five"/,
  ],
  ["an HDF5 file without the dataset", rows("no_label.h5.txt"), /a\.h5: it has no dataset "label"/],
  [
    "a truncated HDF5 file",
    rows("cut.h5.txt"),
    /cut\.h5: it cannot be read as HDF5; it is damaged or cut short/,
  ],
])("%s: the error names layer and record", async (_, text, message) => {
  const failure = await failureOf(text);
  expect(failure).toMatch(message);
  expect(failure).toMatch(/layer "(d|loss)"/);
});
