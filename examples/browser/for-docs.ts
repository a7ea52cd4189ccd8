// The page for the site of the documentation: npm run docs makes it in docs/public/lenet, with as many pictures as a site can carry.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBrowserPage } from "./build.ts";
import { partOfIdx } from "./part-of-idx.ts";
import { FASHION } from "./serve.ts";

/** Pictures of each part: 3.3 MB. */
const COUNTS = { train: 6000, t10k: 1000 };
const FOLDER = "docs/public/lenet";

await buildBrowserPage(FOLDER);
if (existsSync(FASHION)) {
  mkdirSync(join(FOLDER, "fashion-mnist"), { recursive: true });
  for (const [part, count] of Object.entries(COUNTS)) {
    for (const what of ["images-idx3", "labels-idx1"]) {
      const name = `${part}-${what}-ubyte.gz`;
      writeFileSync(join(FOLDER, "fashion-mnist", name), partOfIdx(join(FASHION, name), count));
    }
  }
} else {
  console.log(`Fashion-MNIST is not at ${FASHION}: the page asks its reader for pictures.`);
}
