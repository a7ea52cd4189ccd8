import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { colourProperties } from "../../src/page/colours.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The pages' colours, light and dark, as the system or the reader has it. */
const COLOURS = `
:root { ${colourProperties("light")} }
:root[data-theme="dark"] { ${colourProperties("dark")} }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${colourProperties("dark")} } }
`;

/** A page of Preact's. */
interface PageSources {
  /** Its scripts by their names without an ending; `app` has the styles, app.css. */
  readonly scripts: Readonly<Record<"app", string> & Record<string, string>>;
  /** Files that stand beside them as they are. */
  readonly files: readonly string[];
  /** What the bundler has to know besides. */
  readonly options?: BuildOptions;
}

/** Makes a page of its sources in a folder: scripts, styles, files, and the licences of what is bundled. */
export async function bundlePage(
  target: string,
  { scripts, files, options }: PageSources,
): Promise<void> {
  mkdirSync(target, { recursive: true });
  const { metafile } = await build({
    entryPoints: scripts,
    outdir: target,
    bundle: true,
    format: "esm",
    target: ["chrome120", "firefox121", "safari17"],
    minify: true,
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    logLevel: "warning",
    ...options,
    metafile: true,
  });
  const styles = join(target, "app.css");
  writeFileSync(styles, COLOURS.trim() + readFileSync(styles, "utf8"));
  for (const file of files) cpSync(file, join(target, basename(file)));

  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((path) => {
      // What a browser has no need of.
      if (path.startsWith("(disabled):")) return [];
      const found = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
      return found?.[1] ?? [];
    }),
  );
  const licences = [...packages].sort().map((name) => {
    const text = readFileSync(`${root}node_modules/${name}/LICENSE`, "utf8").trim();
    return `${name}\n\n${text}\n`;
  });
  writeFileSync(join(target, "licences.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));
}
