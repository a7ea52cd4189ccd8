import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundlePage } from "../../dashboard/scripts/bundle-page.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Makes the page in a folder: index.html, its script and styles, the script of its worker with the library as a bundler finds it,
 * and the prototxt files that it trains.
 * @throws Error where the library is not built
 */
export async function buildBrowserPage(folder: string): Promise<void> {
  if (!existsSync(here("../../dist/browser/index.js"))) {
    throw new Error("dist/browser is missing. Expected the built library: npm run build makes it.");
  }
  await bundlePage(folder, {
    scripts: { app: here("src/main.tsx"), worker: here("src/worker/worker.ts") },
    files: [
      here("index.html"),
      here("../../dashboard/icon.svg"),
      here("../../models/lenet/lenet_train_test.prototxt"),
      here("../../models/lenet/lenet_fashion_solver.prototxt"),
    ],
    // The types are those of the sources; what is bundled is the package as others find it.
    options: { tsconfigRaw: {} },
  });
}
