/** The text that a message came from. */
interface TextSource {
  readonly file: string;
  /** Line of each layer by its name. */
  readonly layerLines: ReadonlyMap<string, number>;
}

/** Where a message stands in the text it was read from. */
interface MessageLines {
  readonly file: string;
  /** The line on which it begins. */
  readonly line: number;
  /** The line of each field by its name; of one that is given more than once the first. */
  readonly fields: ReadonlyMap<string, number>;
}

const sources = new WeakMap<object, TextSource>();
const lines = new WeakMap<object, MessageLines>();

/** Says where a message was read from. */
export function noteSource(message: object, source: TextSource): void {
  sources.set(message, source);
}

/** Where a message was read from, if it came from a text. */
export function sourceOf(message: object): TextSource | undefined {
  return sources.get(message);
}

/** Says where a message, of a net or a layer or within one, stands in its text. */
export function noteLines(message: object, where: MessageLines): void {
  lines.set(message, where);
}

/** Where a message stands in its text; undefined where it came from none, or is a copy that an upgrade made. */
export function linesOf(message: object): MessageLines | undefined {
  return lines.get(message);
}

/** Says that `to` was made from `from`, so that errors in it can still name the place. */
export function keepSource<T extends object>(from: object, to: T): T {
  const source = sources.get(from);
  if (source) sources.set(to, source);
  const where = lines.get(from);
  if (where) lines.set(to, where);
  return to;
}
