import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, isAbsolute, relative, resolve, sep } from "node:path";
import { FileError } from "../../util/errors.ts";

const SUFFIXES = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

/** Folders of users' modules, as PYTHONPATH is for Python's. */
const PATH_VARIABLE = "CAFFE_LAYER_PATH";

const require: NodeJS.Require = createRequire(import.meta.url);

/**
 * What a user's module exports, in JavaScript or TypeScript. Dots in its name are folders, as in Python.
 *
 * TypeScript is read by Node itself from version 22.18 on, and before that through the package tsx where it is
 * installed.
 *
 * @param folders where it is looked for, the first one first; those of the environment variable CAFFE_LAYER_PATH follow
 * @throws FileError where its name leads out of these folders, there is none, or it cannot be loaded
 */
export function loadUserModule(
  name: string,
  folders: readonly string[],
): Readonly<Record<string, unknown>> {
  const names = /[\\/]/.test(name) ? [name] : [...new Set([name, name.replaceAll(".", "/")])];
  const own = (process.env[PATH_VARIABLE] ?? "").split(delimiter).filter((folder) => folder !== "");
  const allowed = [...folders, ...own].map((folder) => resolve(folder));
  if (names.every((one) => allowed.every((folder) => !isWithin(resolve(folder, one), allowed)))) {
    throw new FileError(
      `module "${name}" leads out of the net's folder, and a net's file shall not choose what is run from elsewhere. Expected a name such as ${basename(name)}; the folder of modules of your own goes into the environment variable ${PATH_VARIABLE}.`,
    );
  }
  const path = allowed
    .flatMap((folder) => names.flatMap((one) => SUFFIXES.map((end) => resolve(folder, one + end))))
    .find((one) => /\.[cm]?[jt]s$/.test(one) && isWithin(one, allowed) && existsSync(one));
  if (path) return load(path);
  throw new FileError(
    `module "${name}" is not found. Expected ${name}.js or ${name}.ts beside the net, in the current directory or in a folder of ${PATH_VARIABLE}; or ${name}.py beside the net, in the current directory or on PYTHONPATH, or installed for Python.`,
  );
}

/** Whether there is a module of that name in JavaScript or TypeScript, where `loadUserModule` looks for it. */
export function hasUserModule(name: string, folders: readonly string[]): boolean {
  const names = [name, name.replaceAll(".", "/")];
  const own = (process.env[PATH_VARIABLE] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, ...own].some((folder) =>
    names.some((one) =>
      SUFFIXES.some(
        (end) => /\.[cm]?[jt]s$/.test(one + end) && existsSync(resolve(folder, one + end)),
      ),
    ),
  );
}

/** Whether a path lies in one of these folders. */
function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const way = relative(folder, path);
    return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  });
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
