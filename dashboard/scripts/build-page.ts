import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { colourProperties } from "../../src/page/colours.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const source = `${root}dashboard/`;
/** Where the dashboard's server looks for it. */
const target = `${root}dist/dashboard/page/`;

/** The pages' colours, light and dark, as the system or the reader has it. */
const COLOURS = `
:root { ${colourProperties("light")} }
:root[data-theme="dark"] { ${colourProperties("dark")} }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${colourProperties("dark")} } }
`;

/** Makes the page of its sources: index.html, app.js, app.css, icon.svg, and the licences of what is bundled. */
export async function buildPage(): Promise<void> {
  mkdirSync(target, { recursive: true });
  const { metafile } = await build({
    entryPoints: { app: `${source}src/main.tsx` },
    outdir: target,
    bundle: true,
    format: "esm",
    target: ["chrome120", "firefox121", "safari17"],
    minify: true,
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    metafile: true,
    logLevel: "warning",
  });
  const styles = readFileSync(`${target}app.css`, "utf8");
  writeFileSync(`${target}app.css`, COLOURS.trim() + styles);
  for (const name of ["index.html", "icon.svg"]) cpSync(source + name, target + name);

  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((path) => {
      const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
      return found?.[1] ?? [];
    }),
  );
  const licences = [...packages].sort().map((name) => {
    const text = readFileSync(`${root}node_modules/${name}/LICENSE`, "utf8").trim();
    return `${name}\n\n${text}\n`;
  });
  writeFileSync(`${target}licences.txt`, licences.join(`\n${"-".repeat(80)}\n\n`));
}
