// Puts the prebuilt packages into package.json while it is packed, and takes them out again: a clone builds its own addons, and
// its lock file cannot hold packages that are published after it.
//
//     tsx scripts/prebuilt/manifest.ts add|remove
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { prebuiltPackages } from "./platforms.ts";

const FILE = fileURLToPath(new URL("../../package.json", import.meta.url));
const manifest = JSON.parse(readFileSync(FILE, "utf8")) as {
  readonly version: string;
  optionalDependencies?: Record<string, string>;
};
const { optionalDependencies = {}, version } = manifest;
const prebuilt = prebuiltPackages(version);
const others = Object.entries(optionalDependencies).filter(([name]) => !(name in prebuilt));
const wanted =
  process.argv[2] === "add"
    ? { ...Object.fromEntries(others), ...prebuilt }
    : Object.fromEntries(others);
if (Object.keys(wanted).length > 0) manifest.optionalDependencies = wanted;
else delete manifest.optionalDependencies;
writeFileSync(FILE, `${JSON.stringify(manifest, null, 2)}\n`);
