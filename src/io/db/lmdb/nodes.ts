import { HEADER, IS_BIG, NODE } from "./page.ts";

/** A record in a leaf that was written here. */
export interface Node {
  readonly key: Uint8Array;
  /** Bytes of the value. */
  readonly length: number;
  /** Whether the value has pages of its own; `data` is the number of the first then. */
  readonly isBig: boolean;
  readonly data: Uint8Array;
}

/** The records of a leaf that was written here, in their order; keys and values are views of the page. */
export function nodesOf(page: Buffer): Node[] {
  const count = (page.readUInt16LE(12) - HEADER) / 2;
  return Array.from({ length: count }, (_, i) => {
    const at = page.readUInt16LE(HEADER + 2 * i);
    const length = page.readUInt32LE(at);
    const isBig = page.readUInt16LE(at + 4) === IS_BIG;
    const dataAt = at + NODE + page.readUInt16LE(at + 6);
    const key = page.subarray(at + NODE, dataAt);
    return { key, length, isBig, data: page.subarray(dataAt, dataAt + (isBig ? 8 : length)) };
  });
}
