import protobuf from "protobufjs/light.js";
import { entryOf } from "../../util/records.ts";

/** What stands for a whole number: decimal, hexadecimal after `0x`, octal after `0`. */
const WHOLE = /^-?(?:0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)$/;
const REAL = /^-?(?:(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[fF]?|inf(?:inity)?|nan)$/i;

/** The largest float, and the smallest one that has all its digits. */
const [MOST_SINGLE, LEAST_SINGLE] = [(2 - 2 ** -23) * 2 ** 127, 2 ** -126];

const RANGES: Readonly<Record<string, readonly [least: number, most: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};

/**
 * The value of a number or a Boolean as protobuf's text format writes it.
 * @returns undefined where the word is none of that type
 */
export function numberValue(type: string, text: string): number | boolean | undefined {
  if (type === "bool") {
    if (/^(?:true|True|t)$/.test(text)) return true;
    if (/^(?:false|False|f)$/.test(text)) return false;
    const value = text.startsWith("-") ? undefined : wholeValue(text);
    return value === 0 || value === 1 ? value === 1 : undefined;
  }
  if (type === "double") return realValue(text);
  if (type === "float") return singleValue(text);
  const value = wholeValue(text);
  const [least, most] = RANGES[type] ?? [0, 0];
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

function wholeValue(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  const digits = text.replace(/^-/, "");
  const isOctal = /^0[0-7]/.test(digits);
  const value = isOctal ? Number.parseInt(digits, 8) : Number(digits);
  return text.startsWith("-") ? -value : value;
}

function realValue(text: string): number | undefined {
  if (!REAL.test(text)) return undefined;
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^-/, "");
  if (/^inf/i.test(digits)) return sign * Number.POSITIVE_INFINITY;
  return /^nan/i.test(digits) ? Number.NaN : sign * Number(digits.replace(/[fF]$/, ""));
}

/** What is written, as long as a float can be near it: beyond are infinity and what is left of the smallest. */
function singleValue(text: string): number | undefined {
  const value = realValue(text);
  if (value === undefined) return undefined;
  const size = Math.abs(value);
  return size > MOST_SINGLE || size < LEAST_SINGLE ? Math.fround(value) : value;
}

/** The value of an enum that a word names, or tells by its number. */
export function enumValue(
  type: protobuf.Enum,
  text: string,
): { readonly id: number; readonly name: string } | undefined {
  const id = entryOf(type.values, text) ?? wholeValue(text);
  const name = id === undefined ? undefined : type.valuesById[id];
  return id === undefined || name === undefined ? undefined : { id, name };
}

/** What a word stands for where the schema gives no type; a name, and what no number holds exactly, stays as it is. */
export function unknownValue(text: string): number | boolean | string {
  if (text === "true" || text === "false") return text === "true";
  const value = wholeValue(text);
  if (value !== undefined) return Number.isSafeInteger(value) ? value : text;
  return realValue(text) ?? text;
}

/** What a field takes, for a message about `text`, which it does not. */
export function expectation(field: protobuf.Field, text = ""): string {
  if (field.resolvedType instanceof protobuf.Enum) {
    return `one of ${Object.keys(field.resolvedType.values).join(", ")}`;
  }
  if (field.type === "string" || field.type === "bytes") return "a string in quotes";
  if (field.type === "bool") return "true or false";
  if (field.type === "float" || field.type === "double") {
    return /^-?0[\dxX]/.test(text) ? "a decimal number, with no 0 before it" : "a number";
  }
  const value = wholeValue(text);
  const [least, most] = RANGES[field.type] ?? [0, 0];
  if (value !== undefined && value > most) return `a whole number, ${most} or less`;
  if (value !== undefined && value < least && least < 0) return `a whole number, ${least} or more`;
  return field.type.startsWith("u") ? "a whole number, 0 or more" : "a whole number";
}
