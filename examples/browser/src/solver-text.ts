/** What a page has otherwise than the stock solver, and why. */
const CHANGES: Readonly<Record<string, readonly [value: string | undefined, why: string]>> = {
  net: [undefined, "the text beside this one"],
  test_iter: ["10", "of 100 pictures"],
  test_interval: ["100", "so that the curve has points"],
  display: ["10", "losses that a GPU brings down"],
  snapshot: [undefined, "a page has no files"],
  snapshot_prefix: [undefined, "a page has no files"],
};
/** What a page says beyond the stock solver. */
const MORE = "test_initialization: false  # a loss comes first, where a GPU is slow\n";

/** The stock solver with quicker tests and without files; each line that is another says what stood there. */
export function pageSolver(stock: string): string {
  const changed = stock.replaceAll(
    /^(\w+): *([^\s#]+).*$/gm,
    (line, field: string, old: string) => {
      const change = Object.hasOwn(CHANGES, field) ? CHANGES[field] : undefined;
      if (!change) return line;
      const [value, why] = change;
      return value === undefined
        ? `# ${field}: ${old} is left out: ${why}`
        : `${field}: ${value}  # ${why}; the stock file has ${old}`;
    },
  );
  return changed + MORE;
}
