import type { Argv } from "yargs";
import { CaffeError } from "../util/errors.ts";

/** Flag files may name flag files, but not without end. */
const MOST_NESTED = 10;

/**
 * Caffe's flag spellings brought to one: `-solver=x`, `-solver x` and `--solver x` become `--solver=x` or stay
 * two words. Single letters keep their dash.
 */
export function normaliseFlags(args: readonly string[]): string[] {
  return args.map((arg) => (/^-[a-zA-Z]\w+/.test(arg) ? `-${arg}` : arg));
}

/** A comma list; empty for none. */
export function listOf(value: string | undefined): string[] {
  return (value ?? "").split(",").filter((item) => item !== "");
}

/** Lets every word of the named flags count, as files behind one another; of other flags that are repeated the last holds. */
export function withLists<T>(yargs: Argv<T>, ...names: readonly string[]): Argv<T> {
  return yargs
    .parserConfiguration({ "camel-case-expansion": false, "duplicate-arguments-array": true })
    .middleware((given: Record<string, unknown>) => {
      for (const [name, value] of Object.entries(given)) {
        const isList = name === "_" || names.includes(name);
        if (Array.isArray(value) && !isList) given[name] = value.at(-1);
      }
    }, true);
}

/**
 * Puts the flags that `--flagfile=FILE[,FILE]` holds in its place: one on a line, blank lines and lines that begin with
 * `#` left out.
 *
 * @param read gives a file's text
 * @throws CaffeError where a line is no flag, or flag files name one another in a ring
 * @see gflags
 */
export function expandFlagFiles(
  args: readonly string[],
  read: (file: string) => string,
  depth = 0,
): string[] {
  const expanded: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [name, value] = arg.split(/=(.*)/s);
    if (name !== "--flagfile") {
      expanded.push(arg);
      continue;
    }
    const files = value ?? rest.shift();
    if (!files) throw new CaffeError("--flagfile names no file. Expected --flagfile=FILE.");
    if (depth >= MOST_NESTED) {
      throw new CaffeError(
        `--flagfile=${files}: flag files name flag files ${MOST_NESTED} deep. Expected an end.`,
      );
    }
    for (const file of listOf(files)) {
      expanded.push(...expandFlagFiles(flagsIn(read(file), file), read, depth + 1));
    }
  }
  return expanded;
}

function flagsIn(text: string, file: string): string[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    const flag = line.trim();
    if (flag === "" || flag.startsWith("#")) return [];
    if (/^--?[a-zA-Z]/.test(flag)) return normaliseFlags([flag]);
    throw new CaffeError(
      `${file}:${i + 1}: "${flag}" is no flag. Expected --name=value, one on a line.`,
    );
  });
}
