import { copyFileSync, mkdirSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { filesBelow } from "../../src/io/files/picture-names.ts";
import { output } from "./run.ts";

/** Libraries that every system has on which Node runs: the C library, its parts, and its loader. */
const EVERYWHERE =
  /^(lib(c|m|mvec|dl|rt|pthread)\.so\.\d+|ld-[a-z0-9_-]+\.so\.\d+|libc\.musl-[a-z0-9_]+\.so\.1|linux-vdso\.so\.1)$/;

/**
 * Copies the shared libraries that addons need, and that a bare system lacks, into a folder; their path in the addons leads there.
 * @param roots of libraries that lie where the loader does not look
 * @returns their names
 */
export function carryLibraries(
  addons: readonly string[],
  roots: readonly string[],
  folder: string,
): string[] {
  if (process.platform !== "linux") return [];
  const carried = new Set<string>();
  for (const addon of addons) {
    for (const [name, path] of neededBy(addon, roots)) {
      // Where it is carried, it brings what it needs itself, which ldd has listed.
      if (EVERYWHERE.test(name) || carried.has(name)) continue;
      if (path === undefined)
        throw new Error(`${addon} needs ${name}, which is not on this machine.`);
      mkdirSync(folder, { recursive: true });
      copyFileSync(realpathSync(path), join(folder, name));
      carried.add(name);
    }
  }
  return [...carried].sort();
}

/** The shared libraries that a file needs, directly or not, and where they are. */
function neededBy(
  file: string,
  roots: readonly string[],
): [name: string, path: string | undefined][] {
  const path = roots.map((root) => join(root, "lib")).join(":");
  return output("ldd", [file], { LD_LIBRARY_PATH: path })
    .split("\n")
    .map((line) => /^\s*(\S+)(?: => (not found|\S+))?/.exec(line))
    .filter((found) => found !== null)
    .map(([, name = "", path]) => [
      basename(name),
      path === "not found" ? undefined : (path ?? name),
    ]);
}

/** The newest glibc that any of the files asks for; undefined where it is another C library. */
export function glibcNeeded(folder: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  const versions = filesBelow(folder, (name) => /\.(node|so[.\d]*)$/.test(name))
    .map((name) => output("readelf", ["-VW", join(folder, name)]))
    .flatMap((told) => told.match(/(?<=Name: GLIBC_)[\d.]+/g) ?? []);
  const asNumber = (version: string): number => Number(version.split(".")[1]);
  return versions.sort((a, b) => asNumber(a) - asNumber(b)).at(-1);
}
