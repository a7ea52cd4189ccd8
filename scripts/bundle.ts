/**
 * Joins the built modules of the library and of the command line into few files, dist/bundle: Node reads a hundred of them in
 * the time in which it opens ten. Both share one copy of what both need, so that a layer of a user's own, which imports the
 * package, registers it with the command that runs. Threads, browsers and bundlers read the single modules in dist.
 */
import { readFile, rm } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

const DIST = resolve("dist");
const FOLDER = resolve("dist/bundle");

/** Files that lie beside a module (threads, addons, the page) are found from where the module itself lies. */
const ownPlaces: Plugin = {
  name: "own places",
  setup({ onLoad, onResolve }) {
    // The HDF5 library is large, and few programs need it: it stays where it lies.
    onResolve({ filter: /h5wasm\/hdf5_hl\.js$/ }, ({ path, resolveDir }) => {
      return { path: relative(FOLDER, resolve(resolveDir, path)), external: true };
    });
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (!path.startsWith(DIST) || !text.includes("import.meta.url")) return undefined;
      const place = `new URL(${JSON.stringify(relative(FOLDER, path))}, import.meta.url).href`;
      return { contents: text.replaceAll("import.meta.url", place), loader: "js" };
    });
  },
};

await rm(FOLDER, { recursive: true, force: true });
await build({
  entryPoints: { index: "dist/index.js", caffe: "dist/cli/main.js" },
  ...{ outdir: FOLDER, bundle: true, splitting: true, format: "esm" },
  ...{ platform: "node", target: "node20", packages: "external", plugins: [ownPlaces] },
  ...{ logLevel: "warning", treeShaking: true },
});
