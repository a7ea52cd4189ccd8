import { entryOf } from "../../util/records.ts";
import type { AnyParameter } from "./caffe.ts";

/**
 * Where a message that was read from a binary file keeps the fields that the schema does not know, as bytes: other
 * Caffes' fields, with their numbers. It goes with a copy of the message, as fields do.
 */
export const UNKNOWN: unique symbol = Symbol("unknown fields");

/** Our own numbers for fields and values that only other dialects of Caffe have begin here. */
export const FOREIGN = 10_000;

/** Those of fields that this package alone has begin here. */
const OURS = 11_000;

/** Whether a field is one that other Caffes have, and BVLC's has not. */
export function isOfForks({ id }: { readonly id: number }): boolean {
  return id >= FOREIGN && id < OURS;
}

/** Fields whose values stand without quotes though they are strings here: enums of another Caffe. */
const bareFields = new WeakMap<object, Set<string>>();

/** Notes that a field's value, a string, is a name without quotes: an enum's that is known elsewhere. */
export function noteBare(message: object, field: string): void {
  const fields = bareFields.get(message) ?? new Set();
  bareFields.set(message, fields.add(field));
}

/** Whether a field's value stood without quotes in the text it was read from. */
export function isBare(message: object, field: string): boolean {
  return bareFields.get(message)?.has(field) ?? false;
}

/** Sets a field of any name: `__proto__` is one like others. */
export function setField(message: object, field: string, value: unknown): void {
  Object.defineProperty(message, field, {
    value,
    ...{ enumerable: true, writable: true, configurable: true },
  });
}

/** Adds a value to a field of a message that is not in the schema: a second value makes a list of it. */
export function addValue(message: object, field: string, value: unknown): void {
  const before = entryOf(message as AnyParameter, field);
  if (Array.isArray(before)) before.push(value);
  else setField(message, field, before === undefined ? value : [before, value]);
}

/** Makes a list of a field, which more values are added to. */
export function beginList(message: object, field: string): void {
  const before = entryOf(message as AnyParameter, field);
  if (!Array.isArray(before)) setField(message, field, before === undefined ? [] : [before]);
}
