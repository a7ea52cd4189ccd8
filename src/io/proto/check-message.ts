import protobuf from "protobufjs/light.js";
import { FormatError } from "../../util/errors.ts";
import { nearestText } from "../../util/nearest.ts";
import { entryOf } from "../../util/records.ts";
import type { Messages } from "./caffe.ts";
import { type MessageName, messageType } from "./messages.ts";
import { isUsersType } from "./users-type.ts";

/**
 * Makes sure that a message which a program has made is as the schema says, as the reader of texts does for a text: a field
 * whose name is misspelt, or a number written as a string, would have no effect.
 *
 * @param where what the message is, for the error: "net", "solver"
 * @throws FormatError that names the field, with the nearest name, or the value and what is expected
 */
export function checkMessage<K extends MessageName>(
  name: K,
  message: Messages[K],
  where: string,
): void {
  check(messageType(name), message, where);
}

/** @param isUsers whether it lies in a layer of a user's own type, so that it may have fields of any name */
function check(type: protobuf.Type, message: object, where: string, isUsers = false): void {
  // A layer type's fields of which the schema knows nothing.
  if (type.name === "AnyParameter") return;
  const isOpen = isUsers || (type.name === "LayerParameter" && isUsersType(typeOf(message)));
  for (const [name, value] of Object.entries(message)) {
    if (value === undefined) continue;
    const field = entryOf(type.fields, name);
    if (!field && isOpen) continue;
    if (!field) {
      throw new FormatError(
        `${where}: ${type.name} has no field "${name}".${nearestText(name, Object.keys(type.fields))}`,
      );
    }
    const isList = Array.isArray(value) || ArrayBuffer.isView(value);
    if (field.repeated !== (isList && field.type !== "bytes")) {
      throw new FormatError(
        `${where}: ${name} is ${shown(value)}. Expected ${field.repeated ? "a list" : "one value"}.`,
      );
    }
    // Numbers of a typed array are numbers.
    const isTyped = field.repeated && ArrayBuffer.isView(value);
    const values: readonly unknown[] = Array.isArray(value) ? value : isTyped ? [] : [value];
    for (const one of values) checkValue(field, one, where, isOpen);
  }
}

function typeOf(layer: object): string | undefined {
  const type: unknown = Object.hasOwn(layer, "type")
    ? (layer as { type: unknown }).type
    : undefined;
  return typeof type === "string" ? type : undefined;
}

function checkValue(field: protobuf.Field, value: unknown, where: string, isUsers: boolean): void {
  const { name, resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new FormatError(
        `${where}: ${name} is ${shown(value)}. Expected an object of ${resolvedType.name}.`,
      );
    }
    const own: unknown = Object.hasOwn(value, "name") ? (value as { name: unknown }).name : "";
    check(
      resolvedType,
      value,
      name === "layer" ? `${where}: layer "${String(own)}"` : where,
      isUsers,
    );
  } else if (resolvedType) {
    if (typeof value === "string" && Object.hasOwn(resolvedType.values, value)) return;
    throw new FormatError(
      `${where}: ${name} is ${shown(value)}. Expected one of ${Object.keys(resolvedType.values).join(", ")}.`,
    );
  } else {
    const { is, text } = entryOf(kinds, field.type) ?? wholeNumber;
    if (!is(value))
      throw new FormatError(`${where}: ${name} is ${shown(value)}. Expected ${text}.`);
  }
}

interface Kind {
  readonly is: (value: unknown) => boolean;
  readonly text: string;
}

const number: Kind = { is: (value) => typeof value === "number", text: "a number" };
const wholeNumber: Kind = { is: Number.isInteger, text: "a whole number" };
/** The kinds of value by protobuf's names; all others are whole numbers. */
const kinds: Readonly<Record<string, Kind>> = {
  bytes: { is: (value) => value instanceof Uint8Array, text: "a Uint8Array" },
  string: { is: (value) => typeof value === "string", text: "a text" },
  bool: { is: (value) => typeof value === "boolean", text: "true or false" },
  float: number,
  double: number,
};

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? typeof value).slice(0, 60);
}
