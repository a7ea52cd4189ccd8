import type { Argv } from "yargs";

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
