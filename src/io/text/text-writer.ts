import protobuf from "protobufjs/light.js";
import { FormatError } from "../../util/errors.ts";
import { isBare } from "../proto/foreign-message.ts";

/**
 * A message as protobuf text format: fields in the order of their numbers, two spaces a level, enums by name. Keys that
 * the schema does not know are left out, but for those of layers and their parameters: a user's own layer type reads them.
 *
 * @throws FormatError where a field that is a message holds something else
 */
export function writeText(type: protobuf.Type, message: object): string {
  const lines: string[] = [];
  writeMessage(type, message as Fields, lines, "");
  return lines.map((line) => `${line}\n`).join("");
}

/** A message that is not in the schema, as text: fields in their own order. */
export function writeUnknown(message: object): string {
  const lines: string[] = [];
  writeUnknownMessage(message as Fields, lines, "");
  return lines.map((line) => `${line}\n`).join("");
}

type Fields = Readonly<Record<string, unknown>>;

const orders = new WeakMap<protobuf.Type, readonly protobuf.Field[]>();

function inOrder(type: protobuf.Type): readonly protobuf.Field[] {
  const known = orders.get(type);
  if (known) return known;
  const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id);
  orders.set(type, fields);
  return fields;
}

function writeMessage(
  type: protobuf.Type,
  message: Fields,
  lines: string[],
  indent: string,
  isInLayer = false,
): void {
  if (type.name === "AnyParameter") {
    writeUnknownMessage(message, lines, indent);
    return;
  }
  const isLayer = type.name === "LayerParameter";
  for (const field of inOrder(type)) {
    const { name, resolvedType } = field;
    if (!Object.hasOwn(message, name)) continue;
    for (const value of valuesOf(message[name])) {
      if (resolvedType instanceof protobuf.Type) {
        if (typeof value !== "object") {
          throw new FormatError(`${type.name}.${name} is ${String(value)}. Expected a message.`);
        }
        lines.push(`${indent}${name} {`);
        writeMessage(resolvedType, value as Fields, lines, `${indent}  `, isLayer || isInLayer);
        lines.push(`${indent}}`);
      } else lines.push(`${indent}${name}: ${scalarText(field, value, isBare(message, name))}`);
    }
  }
  if (!isLayer && !(isInLayer && /Parameter$/.test(type.name))) return;
  // What a user's own layer type reads.
  const others = Object.entries(message).filter(([name]) => !Object.hasOwn(type.fields, name));
  writeUnknownMessage(message, lines, indent, others);
}

function writeUnknownMessage(
  message: Fields,
  lines: string[],
  indent: string,
  entries: readonly (readonly [string, unknown])[] = Object.entries(message),
): void {
  for (const [name, all] of entries) {
    for (const value of valuesOf(all)) {
      if (typeof value === "object" && !(value instanceof Uint8Array)) {
        lines.push(`${indent}${name} {`);
        writeUnknownMessage(value as Fields, lines, `${indent}  `);
        lines.push(`${indent}}`);
        continue;
      }
      const text = typeof value === "string" && isBare(message, name) ? value : plainText(value);
      // A list of one value is told from a value by its brackets.
      const isList = Array.isArray(all) && all.length === 1;
      lines.push(`${indent}${name}: ${isList ? `[${text}]` : text}`);
    }
  }
}

/** The values of a field, of which one may stand by itself. */
function valuesOf(value: unknown): Iterable<NonNullable<unknown>> {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) || value instanceof Float32Array || value instanceof Float64Array) {
    return value as Iterable<NonNullable<unknown>>;
  }
  return [value];
}

function scalarText(field: protobuf.Field, value: unknown, bare: boolean): string {
  if (field.resolvedType instanceof protobuf.Enum) {
    const name = typeof value === "number" ? field.resolvedType.valuesById[value] : undefined;
    return name ?? String(value);
  }
  const isText = field.type === "string" || field.type === "bytes";
  if (isText && !bare) {
    return quotedText(
      value instanceof Uint8Array ? value : new TextEncoder().encode(String(value)),
    );
  }
  if (field.type === "bool" && typeof value !== "string") return value ? "true" : "false";
  return typeof value === "number" ? numberText(value) : String(value);
}

function plainText(value: unknown): string {
  if (typeof value === "number") {
    // A whole number that large was written as a float.
    const isLarge = Number.isInteger(value) && !Number.isSafeInteger(value);
    return isLarge ? value.toExponential() : numberText(value);
  }
  if (typeof value === "boolean") return String(value);
  return quotedText(value instanceof Uint8Array ? value : new TextEncoder().encode(String(value)));
}

/** A number that reads back as the same. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

const LETTERS: Readonly<Record<number, string>> = {
  9: "\\t",
  10: "\\n",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};

/** Bytes in quotes, as protobuf writes them: what is no plain ASCII by its octal number. */
function quotedText(bytes: Uint8Array): string {
  const pieces = ['"'];
  for (const byte of bytes) {
    const isPlain = byte >= 32 && byte <= 126;
    const letter = LETTERS[byte];
    if (letter) pieces.push(letter);
    else
      pieces.push(isPlain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`);
  }
  return `${pieces.join("")}"`;
}
