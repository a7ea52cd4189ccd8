import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeGypSettings } from "../node-gyp-settings.mjs";
import { run } from "./run.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What is linked into an addon shows itself to no other: Node has a C++ library too, and other addons have theirs. */
const EXPORTS =
  "{ global: napi_register_module_v1; node_api_module_get_api_version_v1; local: *; };\n";

/**
 * Compiles the addons for one kind of processor, outside the tree's own `build`.
 * @param level as binding.gyp has it
 * @param libraries roots of oneDNN and libjpeg-turbo; those that `native/libraries.mjs` finds where it has none
 * @returns the folder they lie in
 */
export function buildAddons(
  level: string,
  libraries: { readonly onednn?: string; readonly jpeg?: string },
): string {
  const name = level === "." ? "generic" : level;
  const folder = join(ROOT, "build-prebuilt", name);
  mkdirSync(folder, { recursive: true });
  for (const link of ["native", "node_modules"]) {
    if (!existsSync(join(folder, link))) {
      symlinkSync(join(ROOT, link), join(folder, link), "junction");
    }
  }
  for (const file of ["binding.gyp", "package.json"]) {
    copyFileSync(join(ROOT, file), join(folder, file));
  }
  const gyp = join(ROOT, "node_modules/node-gyp/bin/node-gyp.js");
  const jobs = process.env["CAFFE_PREBUILT_JOBS"] ?? "max";
  const env = {
    ...nodeGypSettings(),
    ...(libraries.onednn && { ONEDNN_ROOT: libraries.onednn }),
    ...(libraries.jpeg && { JPEG_ROOT: libraries.jpeg }),
    ...(libraries.onednn && { CAFFE_CARRIES_LIBRARIES: "1" }),
    ...linkerFlags(folder),
  };
  run(process.execPath, [gyp, "configure", "--", `-Dlevel=${name}`], { cwd: folder, env });
  run(process.execPath, [gyp, "build", "--jobs", jobs], { cwd: folder, env });
  const built = join(folder, "build/Release");
  // MPI is a cluster's own: what is compiled with one does not run with another.
  rmSync(join(built, "caffe_mpi.node"), { force: true });
  return built;
}

function linkerFlags(folder: string): NodeJS.ProcessEnv {
  if (process.platform !== "linux") return {};
  const exports = join(folder, "exports.txt");
  writeFileSync(exports, EXPORTS);
  const carried = "-Wl,-rpath,'$$ORIGIN/../lib',--disable-new-dtags";
  return {
    LDFLAGS: `-s -static-libstdc++ -static-libgcc -Wl,--gc-sections,--version-script=${exports} ${carried}`,
    CFLAGS: "-ffunction-sections -fdata-sections",
    CXXFLAGS: "-ffunction-sections -fdata-sections",
  };
}
