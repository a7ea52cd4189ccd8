import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { output, run } from "./run.ts";
import type { Compiled } from "./sources.ts";

/** The compiler that node-gyp takes. */
const COMPILER = process.env["CXX"] ?? "g++";
/** As with the addons, what is linked in shows itself to no other. */
const EXPORTS = "{ global: dnnl_*; local: *; };\n";

/**
 * Links a compiled oneDNN as one shared library, which both of x64's levels take: linked into each it would be most of the package,
 * twice.
 * @param folder which becomes its root; emptied first
 */
export function shareOnednn(onednn: Compiled, folder: string): Compiled {
  rmSync(folder, { recursive: true, force: true });
  const lib = join(folder, "lib");
  mkdirSync(lib, { recursive: true });
  symlinkSync(join(onednn.root, "include"), join(folder, "include"));
  const exports = join(folder, "exports.txt");
  writeFileSync(exports, EXPORTS);
  const archive = join(onednn.root, "lib/libdnnl.a");
  const functions = output("nm", ["--defined-only", archive]).match(/(?<= T )dnnl_\w+$/gm) ?? [];
  const name = `libdnnl.so.${onednn.version.split(".")[0]}`;
  run(COMPILER, [
    "-shared",
    "-s",
    "-fopenmp",
    `-Wl,-soname,${name}`,
    "-static-libstdc++",
    "-static-libgcc",
    `-Wl,-z,defs,--gc-sections,--version-script=${exports}`,
    ...smallest(),
    // Only what these need is taken from the archive.
    ...functions.map((symbol) => `-Wl,-u,${symbol}`),
    archive,
    "-o",
    join(lib, name),
  ]);
  symlinkSync(name, join(lib, "libdnnl.so"));
  return { ...onednn, root: folder };
}

/** gold, where it is there, keeps one of functions that are alike: a tenth less. */
function smallest(): readonly string[] {
  try {
    output(COMPILER, ["-fuse-ld=gold", "-Wl,--version"]);
    return ["-fuse-ld=gold", "-Wl,--icf=safe"];
  } catch {
    return [];
  }
}
