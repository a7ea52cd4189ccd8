import protobuf from "protobufjs/light.js";
import { PrototxtError } from "../util/errors.ts";
import { nearestAlways, nearestText } from "../util/nearest.ts";
import { LineIndex, type Token, tokensOf } from "./text-tokens.ts";

/** A field as it stands in a text. */
export interface FieldUse {
  readonly message: string;
  readonly field: protobuf.Field;
  /** The words or strings of its value; empty for a message. */
  readonly value: string;
  /** The layer it stands in, whose type is known when the whole text has been read. */
  readonly layer: { readonly type: string } | undefined;
  /** `file:line:column` of its name. */
  readonly where: string;
}

/** What the check of a text finds besides errors. */
export interface CheckedText {
  /** The text with the contents of messages of other dialects blanked out, lines kept. */
  readonly text: string;
  /** Every field of the dialects (number 10000 and up, or a value of that kind) in order. */
  readonly foreign: readonly FieldUse[];
  /** Line of each layer by its name, in the text's own order; the first of equal names. */
  readonly layerLines: ReadonlyMap<string, number>;
}

/** Our own numbers for what only other dialects of Caffe have begin here. */
const FOREIGN = 10_000;

/**
 * Walks a text beside the schema: every name, bracket and kind of value is checked, so that an error can say
 * file, line, column, message, field, and the nearest known name.
 *
 * Values are read by protobufjs afterwards; this pass exists for the places it does not tell.
 *
 * @throws PrototxtError at the first thing that does not fit
 */
export function checkText(type: protobuf.Type, text: string, file: string): CheckedText {
  return new Checker(text, file).check(type);
}

class Checker {
  readonly #text: string;
  readonly #file: string;
  readonly #lines: LineIndex;
  readonly #tokens: Token[];
  #at = 0;
  readonly #foreign: FieldUse[] = [];
  readonly #layerLines: Map<string, number> = new Map();
  #layer: { type: string } | undefined;
  readonly #blanks: { from: number; to: number }[] = [];

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#lines = new LineIndex(text);
    this.#tokens = this.#tokenise();
  }

  check(type: protobuf.Type): CheckedText {
    this.#message(type, undefined, 0);
    let text = "";
    let at = 0;
    for (const { from, to } of this.#blanks) {
      text += this.#text.slice(at, from) + this.#text.slice(from, to).replace(/[^\n]/g, " ");
      at = to;
    }
    return {
      text: text + this.#text.slice(at),
      foreign: this.#foreign,
      layerLines: this.#layerLines,
    };
  }

  #tokenise(): Token[] {
    const tokens: Token[] = [];
    const source = tokensOf(this.#text);
    for (;;) {
      const { done, value } = source.next();
      if (!done) tokens.push(value);
      else if (value) this.#failAt(value.start, value.problem);
      else return tokens;
    }
  }

  #failAt(offset: number, problem: string): never {
    throw new PrototxtError(`${this.#file}:${this.#lines.at(offset)}: ${problem}`);
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #skip(punct: string): boolean {
    if (this.#token.kind !== "punct" || this.#token.text !== punct) return false;
    this.#at++;
    return true;
  }

  /** The fields of a message up to its closing bracket, or to the end of the text. */
  #message(type: protobuf.Type, close: string | undefined, openedAt: number): void {
    const once = new Set<string>();
    for (;;) {
      const token = this.#token;
      if (close !== undefined && this.#skip(close)) return;
      if (token.kind === "end") {
        if (close === undefined) return;
        this.#failAt(
          token.start,
          `the file ends inside ${type.name}, opened at line ${this.#lines.lineOf(openedAt)}. Expected "${close}".`,
        );
      }
      if (token.kind !== "word" || !/^[A-Za-z_]\w*$/.test(token.text)) {
        this.#failAt(
          token.start,
          `${quoted(token)} in ${type.name}. Expected a field's name${close ? ` or "${close}"` : ""}.`,
        );
      }
      this.#at++;
      this.#field(type, token, once);
      if (!this.#skip(";")) this.#skip(",");
    }
  }

  #field(type: protobuf.Type, name: Token, once: Set<string>): void {
    const field = type.fields[name.text];
    if (!field) {
      this.#failAt(
        name.start,
        `Message type "caffe.${type.name}" has no field named "${name.text}".${nearestText(name.text, Object.keys(type.fields))}`,
      );
    }
    if (!field.repeated && once.has(field.name)) {
      this.#failAt(name.start, `${type.name}.${field.name} is given twice. Expected once.`);
    }
    once.add(field.name);
    const from = this.#at;
    const isMessage = field.resolvedType instanceof protobuf.Type;
    const hasColon = this.#skip(":");
    if (!hasColon && !isMessage) {
      this.#failAt(
        this.#token.start,
        `${quoted(this.#token)} after ${field.name}. Expected ":" and a value.`,
      );
    }
    let foreignValue = false;
    if (this.#skip("[")) {
      if (!field.repeated) {
        this.#failAt(name.start, `${type.name}.${field.name} takes one value. Expected no list.`);
      }
      if (!this.#skip("]")) {
        do foreignValue = this.#value(type, field) || foreignValue;
        while (this.#skip(","));
        if (!this.#skip("]")) {
          this.#failAt(this.#token.start, `${quoted(this.#token)} in a list. Expected "," or "]".`);
        }
      }
    } else foreignValue = this.#value(type, field);
    if (field.id >= FOREIGN || foreignValue) {
      this.#foreign.push({
        message: type.name,
        field,
        layer: this.#layer,
        value: isMessage
          ? ""
          : this.#tokens
              .slice(from, this.#at)
              .map(({ text }) => text)
              .filter((text) => text !== ":")
              .join(" "),
        where: `${this.#file}:${this.#lines.at(name.start)}`,
      });
    }
    if (type.name.endsWith("LayerParameter")) this.#noteLayer(field.name, name.start);
  }

  /** Remembers where a layer stands, and what type it is. */
  #noteLayer(field: string, offset: number): void {
    const text = (this.#tokens[this.#at - 1] as Token).text.slice(1, -1);
    if (field === "type" && this.#layer) this.#layer.type = text;
    if (field === "name" && !this.#layerLines.has(text)) {
      this.#layerLines.set(text, this.#lines.lineOf(offset));
    }
  }

  /** One value of a field; returns whether it is an enum value of another dialect. */
  #value(type: protobuf.Type, field: protobuf.Field): boolean {
    if (field.resolvedType instanceof protobuf.Type) {
      this.#messageValue(field.resolvedType, field.name);
      return false;
    }
    const token = this.#token;
    const where = `${type.name}.${field.name}`;
    if (field.type === "string" || field.type === "bytes") {
      if (token.kind !== "string") {
        this.#failAt(token.start, `${where} is ${quoted(token)}. Expected a string in quotes.`);
      }
      while (this.#token.kind === "string") this.#at++;
      return false;
    }
    const isNegative = this.#skip("-");
    const word = this.#token;
    if (word.kind !== "word") {
      this.#failAt(word.start, `${where} is ${quoted(word)}. Expected ${expectation(field)}.`);
    }
    this.#at++;
    const text = `${isNegative ? "-" : ""}${word.text}`;
    if (field.resolvedType instanceof protobuf.Enum) {
      return this.#enumValue(field.resolvedType, where, text, token.start);
    }
    if (!fits(field.type, text)) {
      this.#failAt(token.start, `${where} is ${text}. Expected ${expectation(field)}.`);
    }
    return false;
  }

  #enumValue(type: protobuf.Enum, where: string, text: string, offset: number): boolean {
    const id = /^-?\d+$/.test(text) ? Number(text) : type.values[text];
    if (id === undefined || type.valuesById[id] === undefined) {
      const known = Object.keys(type.values).filter((name) => (type.values[name] ?? 0) < FOREIGN);
      this.#failAt(
        offset,
        where === "V1LayerParameter.type"
          ? `Unknown layer type: ${text}.${nearestAlways(text, known)} (known types: ${known.join(", ")})`
          : `${where} is ${text}. Expected one of ${known.join(", ")}.${nearestText(text, known)}`,
      );
    }
    return id >= FOREIGN;
  }

  #messageValue(type: protobuf.Type, field: string): void {
    const open = this.#token;
    const close = open.text === "{" ? "}" : open.text === "<" ? ">" : undefined;
    if (open.kind !== "punct" || close === undefined) {
      this.#failAt(open.start, `${quoted(open)} after ${field}. Expected "{".`);
    }
    this.#at++;
    if (type.name === "LayerParameter") this.#layer = { type: "" };
    if (type.name !== "AnyParameter") {
      this.#message(type, close, open.start);
      if (type.name === "LayerParameter") this.#layer = undefined;
      return;
    }
    for (let depth = 1; depth > 0; this.#at++) {
      const { kind, text, start } = this.#token;
      if (kind === "end")
        this.#failAt(start, `the file ends inside ${field}. Expected "${close}".`);
      if (kind === "punct" && (text === "{" || text === "<")) depth++;
      if (kind === "punct" && (text === "}" || text === ">")) depth--;
    }
    this.#blanks.push({ from: open.end, to: (this.#tokens[this.#at - 1] as Token).start });
  }
}

function quoted({ kind, text }: Token): string {
  if (kind === "end") return "the end of the file";
  return kind === "string" ? text : `"${text}"`;
}

function expectation(field: protobuf.Field): string {
  if (field.resolvedType instanceof protobuf.Enum) {
    return `one of ${Object.keys(field.resolvedType.values).join(", ")}`;
  }
  if (field.type === "bool") return "true or false";
  if (field.type === "float" || field.type === "double") return "a number";
  return field.type.startsWith("u") ? "a whole number, 0 or more" : "a whole number";
}

function fits(type: string, text: string): boolean {
  if (type === "bool") return /^(?:true|false|True|False|t|f|0|1)$/.test(text);
  if (type === "float" || type === "double") {
    return /^-?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?|inf(?:inity)?|nan|0[xX][\da-fA-F]+)$/i.test(
      text,
    );
  }
  if (!/^-?(?:\d+|0[xX][\da-fA-F]+)$/.test(text)) return false;
  const value = Number(text.replace("-", ""));
  if (type.startsWith("u"))
    return !text.startsWith("-") && value < (type === "uint32" ? 2 ** 32 : 2 ** 64);
  return value <= (type === "int32" ? 2 ** 31 : 2 ** 63);
}
