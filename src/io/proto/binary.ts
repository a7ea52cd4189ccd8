import { FormatError } from "../../util/errors.ts";
import type { Messages } from "./caffe.ts";
import { type MessageName, messageType } from "./messages.ts";

/** The bytes of a message in protobuf's binary form. */
export function encodeProto<K extends MessageName>(name: K, message: Messages[K]): Uint8Array {
  const type = messageType(name);
  return type.encode(type.fromObject(withLists(message) as object)).finish();
}

/** The message with lists in place of typed arrays of floats, which the library refuses. */
function withLists(value: unknown): unknown {
  if (value instanceof Float32Array || value instanceof Float64Array) return Array.from(value);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(withLists);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withLists(one)]));
}

/**
 * The message that bytes in protobuf's binary form hold.
 * @throws FormatError where they are cut short or damaged
 */
export function decodeProto<K extends MessageName>(name: K, bytes: Uint8Array): Messages[K] {
  const type = messageType(name);
  try {
    return type.toObject(type.decode(bytes), { enums: String, longs: Number }) as Messages[K];
  } catch (error) {
    throw new FormatError(
      `${bytes.length} bytes are no ${name}: they are cut short or damaged (${(error as Error).message}).`,
      { cause: error },
    );
  }
}
