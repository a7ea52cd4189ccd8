import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { FileError } from "../util/errors.ts";

const SUFFIXES = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

const require: NodeJS.Require = createRequire(import.meta.url);

/**
 * What a user's module exports, in JavaScript or TypeScript. Dots in its name are folders, as in Python.
 *
 * TypeScript is read by Node itself from version 22.18 on, and before that through the package tsx where it is
 * installed.
 *
 * @param folders where it is looked for, the first one first
 * @throws FileError where there is none, only one in Python, or it cannot be loaded
 */
export function loadUserModule(
  name: string,
  folders: readonly string[],
): Readonly<Record<string, unknown>> {
  const names = [...new Set([name, name.replaceAll(".", "/")])];
  const find = (suffixes: readonly string[], pattern: RegExp): string | undefined =>
    folders
      .flatMap((folder) =>
        names.flatMap((one) => suffixes.map((end) => resolve(folder, one + end))),
      )
      .find((path) => pattern.test(path) && existsSync(path));
  const path = find(SUFFIXES, /\.[cm]?[jt]s$/);
  if (path) return load(path);
  const python = find(["", ".py"], /\.py$/);
  throw new FileError(
    python
      ? `${python} is written in Python, which is not run here. Write its class in JavaScript or TypeScript as ${name}.js or ${name}.ts, with the same setup, reshape, forward and backward; docs/user-layers.md shows how.`
      : `module "${name}" is not found. Expected ${name}.js or ${name}.ts beside the net or in the current directory; a layer is written in JavaScript or TypeScript, not in Python.`,
  );
}

function load(path: string): Readonly<Record<string, unknown>> {
  const isTypeScript = /\.[cm]?ts$/.test(path);
  const run =
    isTypeScript && !("typescript" in process.features) ? typeScriptRequire(path) : require;
  try {
    return run(path) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new FileError(
      `${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** `require` as tsx has it. */
function typeScriptRequire(path: string): (file: string) => unknown {
  try {
    const tsx = require("tsx/cjs/api") as { require: (file: string, from: string) => unknown };
    return (file) => tsx.require(file, import.meta.url);
  } catch (error) {
    throw new FileError(
      `${path} is written in TypeScript, which Node ${process.version} does not read by itself. Run npm install tsx, use Node 22.18 or newer, or compile it to JavaScript.`,
      { cause: error },
    );
  }
}
