/**
 * Joins the built modules of the library, of the command line and of the threads in which users' layers run into few files, dist/bundle: Node reads a hundred
 * of them in the time in which it opens ten. All share one copy of what they need, so that a layer of a user's own, which imports the
 * package, registers it with the command that runs. Other threads, browsers and bundlers read the single modules in dist.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { build, type Plugin, transform } from "esbuild";

const DIST = resolve("dist");
const FOLDER = resolve("dist/bundle");
/** Threads whose layers may be a user's: the module that starts each, its program beside it, and what that is called there. */
const THREADS = [
  { starter: "serve/models/ahead.js", program: "thread.js", joined: "serve-thread" },
  { starter: "cli/gpu-threads.js", program: "gpu-thread.js", joined: "gpu-thread" },
];

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
      const own = text.replaceAll("import.meta.url", place);
      const thread = THREADS.find(({ starter }) => relative(DIST, path) === join(starter));
      if (!thread) return { contents: own, loader: "js" };
      const joined = relative(dirname(path), join(FOLDER, `${thread.joined}.js`));
      return {
        contents: own.replace(`"./${thread.program}"`, JSON.stringify(joined)),
        loader: "js",
      };
    });
  },
};

/** A class that refers to itself is written `var Net = class _Net {`: it keeps its name, which messages tell. */
function withNames(code: string): string {
  return code.replaceAll(/^(?:var )?(\w+) = class _\1\b[^{\n]*\{$/gm, (head, name) => {
    return `${head}\n  static { Object.defineProperty(this, "name", { value: "${name}" }); }`;
  });
}

/**
 * The same code in three quarters of the letters, each of which is a byte, for V8 keeps the text of what it has loaded: with one letter
 * beyond Latin-1 in two bytes each. Names stay, and lines are short, so that a stack trace can be followed.
 */
async function tight(code: string): Promise<string> {
  const { code: minified } = await transform(code, {
    ...{ minifyWhitespace: true, minifySyntax: true, lineLimit: 160 },
    ...{ format: "esm", target: "node20", charset: "ascii" },
  });
  return minified;
}

await rm(FOLDER, { recursive: true, force: true });
const { outputFiles } = await build({
  entryPoints: {
    ...{ index: "dist/index.js", caffe: "dist/cli/main.js" },
    ...Object.fromEntries(
      THREADS.map(({ starter, program, joined }) => [
        joined,
        join("dist", dirname(starter), program),
      ]),
    ),
  },
  ...{ outdir: FOLDER, bundle: true, splitting: true, format: "esm" },
  ...{ platform: "node", target: "node20", packages: "external", plugins: [ownPlaces] },
  ...{ logLevel: "warning", treeShaking: true, write: false },
});
await mkdir(FOLDER, { recursive: true });
for (const { path, text } of outputFiles) await writeFile(path, await tight(withNames(text)));
