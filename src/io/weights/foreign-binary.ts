import protobuf from "protobufjs/light.js";
import { entryOf } from "../../util/records.ts";
import type { AnyParameter } from "../proto/caffe.ts";
import { UNKNOWN } from "../proto/foreign-message.ts";
import { type MessageName, messageType } from "../proto/messages.ts";
import { isUsersType } from "../proto/users-type.ts";
import { readUnknown } from "../text/text-reader.ts";
import { writeUnknown } from "../text/text-writer.ts";

/** A message as protobufjs holds it. */
type Decoded = Readonly<Record<string, unknown>> & { $unknowns?: Uint8Array[] };
type Fields = Readonly<Record<string, unknown>>;
type IsKept = (field: protobuf.Field, value: unknown) => boolean;

/**
 * The bytes of a message. Parameters of layer types that only forks have are written as text, under a number of our own,
 * and so is what a user's own layer type has beyond what is kept; fields that were read and not known, as they were.
 *
 * @param isKept whether a field is written; all are where it is not given
 */
export function encodeWithForeign(
  name: MessageName,
  message: object,
  isKept: IsKept = () => true,
): Uint8Array {
  const type = messageType(name);
  const packed = pack(type, message as Fields, isKept);
  const encoded = type.fromObject(packed);
  restoreUnknown(type, packed, encoded as unknown as Decoded);
  return type.encode(encoded).finish();
}

/**
 * The message that bytes hold, enums by name. What the schema does not know goes with it, and is written again by
 * `encodeWithForeign`.
 *
 * @throws Error as protobufjs does, where they are cut short or damaged
 */
export function decodeWithForeign(name: "NetParameter", bytes: Uint8Array): object {
  const type = messageType(name);
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  const decoded = type.decode(reader);
  const message = type.toObject(decoded, { enums: String, longs: Number });
  unpack(type, decoded as unknown as Decoded, message);
  return message;
}

/** The message with its foreign messages as text. */
function pack(type: protobuf.Type, message: Fields, isKept: IsKept): Fields {
  const packed: Record<string | symbol, unknown> = {};
  const own = type.name === "LayerParameter" ? ownFields(type, message, isKept) : {};
  for (const [key, value] of Object.entries(message)) {
    const field = entryOf(type.fields, key);
    if (!field || Object.hasOwn(own, key) || !isKept(field, value)) continue;
    const { resolvedType } = field;
    if (!(resolvedType instanceof protobuf.Type)) packed[key] = value;
    else {
      const one = (inner: unknown): unknown =>
        resolvedType.name === "AnyParameter"
          ? { text: writeUnknown(inner as object) }
          : pack(resolvedType, inner as Fields, isKept);
      packed[key] = Array.isArray(value) ? value.map(one) : one(value);
    }
  }
  if (UNKNOWN in message) packed[UNKNOWN] = message[UNKNOWN as never];
  if (Object.keys(own).length > 0) packed["own"] = { text: writeUnknown(own) };
  return packed;
}

/** What of a layer is written as text: fields of other names, and of a user's type those that would not be kept whole. */
function ownFields(type: protobuf.Type, layer: Fields, isKept: IsKept): Fields {
  const isUsers = isUsersType(layer["type"] as string | undefined);
  const isOwn = ([key, value]: [string, unknown]): boolean => {
    const field = entryOf(type.fields, key);
    return !field || (isUsers && !isWhole(field, value, isKept));
  };
  return Object.fromEntries(Object.entries(layer).filter(isOwn));
}

/** Whether all of a field's value is kept. */
function isWhole(field: protobuf.Field, value: unknown, isKept: IsKept): boolean {
  if (!isKept(field, value)) return false;
  const { resolvedType } = field;
  if (!(resolvedType instanceof protobuf.Type) || resolvedType.name === "AnyParameter") return true;
  return [value].flat().every((message) =>
    Object.entries(message as Fields).every(([key, inner]) => {
      const own = entryOf(resolvedType.fields, key);
      return own !== undefined && isWhole(own, inner, isKept);
    }),
  );
}

/** Gives each message of `to` the unknown fields of the one that it was made from, and reads foreign messages. */
function unpack(type: protobuf.Type, from: Decoded, to: Record<string, unknown>): void {
  if (from.$unknowns) {
    // Copies, so that they do not hold on to the whole file.
    Object.assign(to, { [UNKNOWN]: from.$unknowns.map((bytes) => Uint8Array.from(bytes)) });
  }
  eachMessage(type, from, to, (inner, decoded, message, replace) => {
    if (inner.name !== "AnyParameter") {
      unpack(inner, decoded as Decoded, message);
      const { own, ...rest } = message;
      if (inner.name === "LayerParameter" && own !== undefined) replace({ ...rest, ...own });
    } else {
      const { text } = message as AnyParameter;
      replace(typeof text === "string" ? readUnknown(text, "the binary file") : {});
    }
  });
}

function restoreUnknown(type: protobuf.Type, from: Fields, to: Decoded): void {
  const unknown = from[UNKNOWN as never] as Uint8Array[] | undefined;
  if (unknown) to.$unknowns = unknown;
  eachMessage(type, from, to, (inner, message, encoded) => {
    restoreUnknown(inner, message, encoded as Decoded);
  });
}

/** Calls `visit` with the pairs of messages that two forms of one message hold in their fields. */
function eachMessage(
  type: protobuf.Type,
  a: Fields,
  b: Record<string, unknown>,
  visit: (
    type: protobuf.Type,
    a: Fields,
    b: Record<string, unknown>,
    replace: (value: object) => void,
  ) => void,
): void {
  for (const { name, resolvedType } of type.fieldsArray) {
    if (!(resolvedType instanceof protobuf.Type)) continue;
    if (!Object.hasOwn(a, name) || !Object.hasOwn(b, name)) continue;
    const [inA, inB] = [a[name], b[name]];
    if (Array.isArray(inA) && Array.isArray(inB)) {
      inA.forEach((one, i) => {
        visit(resolvedType, one, inB[i], (value) => {
          inB[i] = value;
        });
      });
    } else {
      visit(resolvedType, inA as Fields, inB as Record<string, unknown>, (value) => {
        b[name] = value;
      });
    }
  }
}
