import { CaffeError } from "../util/errors.ts";

/** What a request was given, by name; what is missing or of another kind is an error that names it. */
export class Args {
  readonly op: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(op: string, values: Readonly<Record<string, unknown>>) {
    this.op = op;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  number(name: string): number {
    return this.#of(name, "a number", (value): value is number => typeof value === "number");
  }

  text(name: string): string {
    return this.#of(name, "a text", (value): value is string => typeof value === "string");
  }

  boolean(name: string): boolean {
    return this.#of(name, "true or false", (value): value is boolean => typeof value === "boolean");
  }

  numbers(name: string): readonly number[] {
    return this.#list(name, "number");
  }

  texts(name: string): readonly string[] {
    return this.#list(name, "string");
  }

  #list<T>(name: string, type: "number" | "string"): readonly T[] {
    return this.#of(
      name,
      `a list of ${type}s`,
      (value): value is readonly T[] =>
        Array.isArray(value) && value.every((one) => typeof one === type),
    );
  }

  #of<T>(name: string, expected: string, is: (value: unknown) => value is T): T {
    const value = this.#values[name];
    if (is(value)) return value;
    throw new CaffeError(
      `request ${this.op}: ${name} is ${JSON.stringify(value)}. Expected ${expected}.`,
    );
  }
}

/** The 32-bit floats beside a message, in memory of their own. */
export function floatsOf({ buffer, byteOffset, byteLength }: Buffer): Float32Array<ArrayBuffer> {
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}
