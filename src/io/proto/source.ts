/** The text that a message came from. */
interface TextSource {
  readonly file: string;
  /** Line of each layer by its name. */
  readonly layerLines: ReadonlyMap<string, number>;
}

const sources = new WeakMap<object, TextSource>();

/** Says where a message was read from. */
export function noteSource(message: object, source: TextSource): void {
  sources.set(message, source);
}

/** Where a message was read from, if it came from a text. */
export function sourceOf(message: object): TextSource | undefined {
  return sources.get(message);
}

/** Says that `to` was made from `from`, so that errors in it can still name the place. */
export function keepSource<T extends object>(from: object, to: T): T {
  const source = sources.get(from);
  if (source) sources.set(to, source);
  return to;
}
