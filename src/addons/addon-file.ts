import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MissingAddonError } from "../util/errors.ts";
import { version } from "../util/version.ts";

/** This package's own folder, seen from src and from dist alike. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Where what was compiled on this machine lies. */
const BUILT = join(ROOT, "build/Release");
/** Folders of a prebuilt package for processors of different kinds, best first; an addon refuses one that lacks what it needs. */
const LEVELS = ["x86-64-v4", "x86-64-v3", "."];

const require = createRequire(import.meta.url);

/**
 * Loads one of the addons of `native`: the one that was compiled on this machine, else that of the prebuilt package of this
 * platform, in the form that its processor takes. `CAFFE_ADDONS` names one folder to take them from instead.
 *
 * @param name of the file: `caffe_native`
 * @throws MissingAddonError where there is none, or none can be loaded
 */
export function loadAddonFile(name: string): unknown {
  const reasons: string[] = [];
  for (const file of places(name, reasons)) {
    try {
      return require(file);
    } catch (error) {
      reasons.push((error as Error).message.split("\n")[0] as string);
    }
  }
  throw new MissingAddonError(reasons.join("; "), mending());
}

/** The files that may be it, best first; why a package does not count goes to `reasons`. */
function places(name: string, reasons: string[]): string[] {
  const file = `${name}.node`;
  const inLevels = (folder: string): string[] =>
    LEVELS.map((level) => join(folder, level, file)).filter((path) => existsSync(path));
  const asked = process.env["CAFFE_ADDONS"];
  if (asked) {
    const found = inLevels(asked);
    if (found.length === 0) reasons.push(`${asked}, which CAFFE_ADDONS names, has no ${file}`);
    return found;
  }
  const built = join(BUILT, file);
  if (existsSync(built)) return [built];
  reasons.push(`${built} has not been built`);
  return packageNames().flatMap((packageName) =>
    inLevels(packageFolder(packageName, reasons) ?? ""),
  );
}

/** The packages of prebuilt addons for this platform; npm installs the one whose C library is there. */
function packageNames(): string[] {
  const base = `@caffe-ts/${process.platform}-${process.arch}`;
  return process.platform === "linux" ? [base, `${base}-musl`] : [base];
}

/** Where a package lies, if it is installed and of this version. */
function packageFolder(name: string, reasons: string[]): string | undefined {
  let manifest: string;
  try {
    manifest = require.resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
  const theirs = (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
  if (theirs === version) return dirname(manifest);
  reasons.push(`${name} is of version ${theirs}, and caffe-ts of ${version}`);
  return undefined;
}

/** The commands that bring an addon, as a sentence. */
function mending(): string {
  if (existsSync(join(ROOT, "tsconfig.json"))) {
    return "Run npm run setup, which builds it.";
  }
  const [name] = packageNames();
  return `Run npm install ${name}@${version}, which brings it compiled, or npm rebuild caffe-ts --foreground-scripts, which builds it here and says what is missing.`;
}
