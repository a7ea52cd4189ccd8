import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { FileError } from "../util/errors.ts";

const SUFFIXES = ["", ".js", ".mjs", ".cjs", ".ts"];

/**
 * What a user's module exports. It is looked for in `root` and in the current directory; dots in its name are
 * folders, as in Python.
 *
 * @throws FileError where there is none, only one in Python, or it cannot be loaded
 */
export function loadUserModule(name: string, root = "."): Readonly<Record<string, unknown>> {
  const names = SUFFIXES.flatMap((suffix) => [
    `${name}${suffix}`,
    `${name.replaceAll(".", "/")}${suffix}`,
  ]);
  const candidates = [root, "."].flatMap((folder) => names.map((file) => resolve(folder, file)));
  const path = candidates.find(
    (candidate) => /\.[cm]?[jt]s$/.test(candidate) && existsSync(candidate),
  );
  if (!path) {
    const python = [root, "."].map((folder) => resolve(folder, `${name}.py`)).find(existsSync);
    throw new FileError(
      python
        ? `${python} is written in Python, which is not run here. Write its class in JavaScript as ${name}.js, with the same setup, reshape, forward and backward.`
        : `module "${name}" is not found. Expected ${name}.js beside the net or in the current directory; a layer is written in JavaScript, not in Python.`,
    );
  }
  try {
    return createRequire(import.meta.url)(path) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new FileError(
      `${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}
