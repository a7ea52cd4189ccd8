// Joins packages of which little is needed into dist/carried, as a part of `npm run build`, so that an install need not bring them:
// protobufjs has its code four times (4 MB, of which these are 0.2), and d3's two bring nine more.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { build } from "esbuild";

/** What is carried: how modules name it, and the file that they have in its place. */
const CARRIED: Readonly<Record<string, string>> = {
  "protobufjs/light.js": "protobufjs.js",
  "d3-scale": "d3-scale.js",
  "d3-shape": "d3-shape.js",
};
const DIST = "dist";
const FOLDER = join(DIST, "carried");

mkdirSync(FOLDER, { recursive: true });
const { metafile } = await build({
  entryPoints: Object.entries(CARRIED).map(([name, file]) => ({
    in: name,
    out: file.replace(/\.js$/, ""),
  })),
  ...{ outdir: FOLDER, bundle: true, format: "esm", metafile: true },
  ...{ platform: "neutral", mainFields: ["module", "main"], target: "node20" },
  ...{ logLevel: "warning", treeShaking: true },
});

const packages = new Set(
  Object.keys(metafile.inputs).map((path) =>
    path.replace(/^(.*node_modules\/(@[^/]+\/)?[^/]+).*/, "$1"),
  ),
);
const licences = [...packages].sort().map((folder) => {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (!file) throw new Error(`${folder} has no licence, so that it cannot be carried.`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
});
writeFileSync(join(FOLDER, "LICENCES.txt"), licences.join("\n----\n\n"));

const importers = Object.fromEntries(Object.keys(CARRIED).map((name) => [name, 0]));
for (const file of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".js") || /^(bundle|carried|dashboard[\\/]page)[\\/]/.test(file)) continue;
  const path = join(DIST, file);
  const code = readFileSync(path, "utf8");
  const own = code.replace(/(?<= from )"([^"]+)"/g, (text, name: string) => {
    const carried = CARRIED[name];
    if (!carried) return text;
    importers[name] = (importers[name] ?? 0) + 1;
    return JSON.stringify(relative(dirname(path), join(FOLDER, carried)).replaceAll(sep, "/"));
  });
  if (own !== code) writeFileSync(path, own);
}
for (const [name, count] of Object.entries(importers)) {
  if (count === 0) throw new Error(`no module in ${DIST} imports ${name}, which is carried.`);
}
