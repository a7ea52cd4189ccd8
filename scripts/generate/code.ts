import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { layerTypeFiles } from "./layer-types.ts";
import { protoFiles } from "./proto.ts";
import { pythonProtoFiles } from "./python-proto.ts";
import { shaderFiles } from "./shaders.ts";
import { wasmFiles } from "./wasm.ts";

/** Writes the code that git does not hold, where it is not up to date; returns the paths of what was written. */
export function writeCode(): string[] {
  return writeFiles({
    ...protoFiles(),
    ...pythonProtoFiles(),
    ...layerTypeFiles(),
    ...shaderFiles(),
    ...wasmFiles(),
  });
}

/** Writes the files that differ from these texts; returns their paths. */
export function writeFiles(texts: Readonly<Record<string, string>>): string[] {
  const old = Object.entries(texts).filter(
    ([path, text]) => !existsSync(path) || readFileSync(path, "utf8") !== text,
  );
  for (const [path, text] of old) {
    // Tests and a build may do this at once, and neither may read half a file.
    const part = `${path}.${process.pid}`;
    writeFileSync(part, text);
    renameSync(part, path);
  }
  return old.map(([path]) => path);
}
