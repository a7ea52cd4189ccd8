// Writes dist/.npmignore, which npm heeds where it packs: built modules and declarations that nothing reaches. Commands are in
// dist/bundle, so that their single modules serve nobody; and of the declarations those count that index.d.ts leads to.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { build } from "esbuild";

const DIST = "dist";
const files = readdirSync(DIST, { recursive: true, encoding: "utf8" });
const read = (file: string): string => readFileSync(join(DIST, file), "utf8");

/** The single modules: not what is joined already. */
const modules = files.filter(
  (file) => file.endsWith(".js") && !/^(bundle|dashboard[\\/]page)[\\/]/.test(file),
);
/** Threads and jobs are started by the place of a module: its own, or that of one beside it, which it names. */
const placed = modules.filter((file) => read(file).includes("import.meta.url"));
const named = placed.flatMap((file) =>
  [...read(file).matchAll(/"(\.\/[\w-]+\.js)"/g)].map(([, name = ""]) => join(dirname(file), name)),
);
const { metafile } = await build({
  entryPoints: [
    "index.js",
    ...modules.filter((file) => dirname(file) === "browser"),
    ...placed,
    ...named.filter((file) => existsSync(join(DIST, file))),
  ].map((file) => join(DIST, file)),
  ...{ bundle: true, metafile: true, write: false, outdir: DIST, format: "esm" },
  ...{ platform: "node", packages: "external", logLevel: "warning" },
});
const reached = new Set(
  Object.keys(metafile.inputs).map((path) => relative(DIST, normalize(path))),
);

/** Declarations name sources: `./net.ts` is `./net.d.ts`. */
function reach(declaration: string): void {
  if (reached.has(declaration)) return;
  reached.add(declaration);
  for (const [, name = ""] of read(declaration).matchAll(/(?:from |import\()"(\.[^"]+)\.ts"/g)) {
    reach(join(dirname(declaration), `${name}.d.ts`));
  }
}
reach("index.d.ts");

const left = [...modules, ...files.filter((file) => file.endsWith(".d.ts"))].filter(
  (file) => !reached.has(file),
);
writeFileSync(
  join(DIST, ".npmignore"),
  `${left.map((file) => `/${file.replaceAll(sep, "/")}`).join("\n")}\n`,
);
