/** A name is no longer than this: files of others may have any. */
const LONGEST = 160;

/** Gives names that no layer and no blob has yet. */
export class Names {
  readonly #taken: Set<string> = new Set();

  /** @param reserved names that stand already: of inputs and outputs */
  constructor(reserved: Iterable<string>) {
    for (const name of reserved) this.#taken.add(name);
  }

  /** The name asked for, or that with a number behind. */
  unique(name: string): string {
    let free = name;
    for (let i = 2; this.#taken.has(free); i++) free = `${name}_${i}`;
    this.#taken.add(free);
    return free;
  }
}

/**
 * A node's name as that of a layer: `/layer1/layer1.0/conv1/Conv` is `layer1.0/conv1`. What the path of PyTorch's modules says
 * twice is said once, and so is the operator at its end.
 *
 * @param type of the node
 */
export function layerName(name: string, type: string): string {
  const parts = plainName(name)
    .split("/")
    .filter((part) => part !== "");
  const isRepeated = (part: string, i: number): boolean =>
    parts[i + 1]?.startsWith(`${part}.`) ?? false;
  const kept = parts.filter((part, i) => !isRepeated(part, i));
  const last = kept.at(-1) ?? "";
  const isType = last.replace(/_\d+$/, "") === type && kept.length > 1;
  const number = /_\d+$/.exec(last)?.[0] ?? "";
  const path = isType ? kept.slice(0, -1).join("/") + number : kept.join("/");
  return path === "" ? type : path;
}

/** A name without characters that cannot be seen, spaces and endless length. */
export function plainName(name: string): string {
  return [...name.replace(/[\p{C}\p{Z}"'\\]/gu, "_")].slice(-LONGEST).join("");
}
