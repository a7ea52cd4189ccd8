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
