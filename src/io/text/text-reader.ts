import protobuf from "protobufjs/light.js";
import { PrototxtError } from "../../util/errors.ts";
import { nearestText } from "../../util/nearest.ts";
import { cut } from "../../util/printable.ts";
import { entryOf } from "../../util/records.ts";
import {
  addValue,
  beginList,
  FOREIGN,
  isOfForks,
  noteBare,
  setField,
} from "../proto/foreign-message.ts";
import { noteLines } from "../proto/source.ts";
import { isUsersType } from "../proto/users-type.ts";
import { v1Types } from "../upgrade/v1.ts";
import {
  noEnumText,
  otherFileText,
  quoted,
  quotedValueText,
  unquotedText,
} from "./misfit-texts.ts";
import { LineIndex, stringValue, TextProblem, type Token, Tokens } from "./text-tokens.ts";
import { enumValue, expectation, numberValue, unknownValue } from "./text-values.ts";

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

/** What a text says. */
interface ReadText {
  /** The message: enums by name, numbers as numbers, no field that the text does not give. */
  readonly message: object;
  /** Every field of other dialects (number 10000 and up, or a value of that kind) in order. */
  readonly foreign: readonly FieldUse[];
  /** Line of each layer by its name, in the text's own order; the first of equal names. */
  readonly layerLines: ReadonlyMap<string, number>;
  /** Fields of layers that the schema does not have, which are kept, with what to say where the layer's type is known. */
  readonly unknown: readonly UnknownUse[];
}

interface UnknownUse {
  readonly layer: { readonly type: string } | undefined;
  readonly message: string;
}

/** A field of one value that a fork (yjxiong/caffe) writes as a list. */
const LISTED = "SolverParameter.device_id";
/** How deep messages may lie in one another: no file that people write comes near. */
const MOST_NESTED = 100;

/**
 * Reads a text beside the schema. Every name, bracket and kind of value is checked, so that an error can say file, line,
 * column, message, field, and the nearest known name.
 *
 * @throws PrototxtError at the first thing that does not fit
 */
export function readText(type: protobuf.Type, text: string, file: string): ReadText {
  return reading(text, file, (reader) => reader.read(type));
}

/**
 * Reads a text of a message that is not in the schema.
 * @throws PrototxtError
 */
export function readUnknown(text: string, file: string): object {
  return reading(text, file, (reader) => reader.readUnknown());
}

function reading<T>(text: string, file: string, read: (reader: Reader) => T): T {
  const lines = new LineIndex(text);
  try {
    return read(new Reader(text, file, lines));
  } catch (error) {
    if (!(error instanceof TextProblem)) throw error;
    throw new PrototxtError(`${file}:${lines.at(error.offset)}: ${error.message}`);
  }
}

class Reader {
  readonly #file: string;
  readonly #lines: LineIndex;
  readonly #tokens: Tokens;
  readonly #foreign: FieldUse[] = [];
  readonly #unknown: UnknownUse[] = [];
  readonly #layerLines: Map<string, number> = new Map();
  #layer: { type: string; readonly isOld: boolean } | undefined;
  #depth = 0;

  constructor(text: string, file: string, lines: LineIndex) {
    this.#file = file;
    this.#lines = lines;
    this.#tokens = new Tokens(text);
  }

  read(type: protobuf.Type): ReadText {
    const message = this.#message(type, undefined, 0);
    const [foreign, unknown, layerLines] = [this.#foreign, this.#unknown, this.#layerLines];
    return { message, foreign, layerLines, unknown };
  }

  readUnknown(): object {
    return this.#message(undefined, undefined, 0);
  }

  #skip(punct: string): boolean {
    const { kind, text } = this.#tokens.token;
    if (kind !== "punct" || text !== punct) return false;
    this.#tokens.next();
    return true;
  }

  /** The fields of a message up to its closing bracket, or to the end of the text; `type` is undefined where the schema has none. */
  #message(type: protobuf.Type | undefined, close: string | undefined, openedAt: number): object {
    const message = {};
    const fields = new Map<string, number>();
    noteLines(message, { file: this.#file, line: this.#lines.lineOf(openedAt), fields });
    const title = type?.name ?? "a message";
    for (;;) {
      const token = this.#tokens.token;
      if (close !== undefined && this.#skip(close)) return message;
      if (token.kind === "end") {
        if (close === undefined) return message;
        const line = this.#lines.lineOf(openedAt);
        throw new TextProblem(
          token.start,
          `the file ends inside ${title}, opened at line ${line}. Expected "${close}".`,
        );
      }
      if (token.kind !== "word" || !/^[A-Za-z_]\w*$/.test(token.text)) {
        throw new TextProblem(
          token.start,
          `${quoted(token)} in ${title}. Expected a field's name${close ? ` or "${close}"` : ""}.`,
        );
      }
      this.#tokens.next();
      if (!fields.has(token.text)) fields.set(token.text, this.#lines.lineOf(token.start));
      if (type) this.#field(type, message, token);
      else this.#unknownField(message, token);
      if (!this.#skip(";")) this.#skip(",");
    }
  }

  #field(type: protobuf.Type, message: object, name: Token): void {
    const field = entryOf(type.fields, name.text);
    if (!field) {
      const text = `Message type "caffe.${type.name}" has no field named "${cut(name.text)}".${otherFileText(type, name.text) || nearestText(name.text, Object.keys(type.fields))}`;
      const { type: of = "", isOld = true } = this.#layer ?? {};
      if (isOld || (of !== "" && !isUsersType(of))) throw new TextProblem(name.start, text);
      // A user's own layer type may read it: the layer's type, which may stand behind it, tells.
      const where = `${this.#file}:${this.#lines.at(name.start)}`;
      this.#unknown.push({ layer: this.#layer, message: `${where}: ${text}` });
      try {
        this.#unknownField(message, name);
      } catch (error) {
        // What is not a field at all is told first.
        if (error instanceof TextProblem && !this.#layer?.type)
          throw new TextProblem(name.start, text);
        throw error;
      }
      return;
    }
    if (!field.repeated && Object.hasOwn(message, field.name)) {
      throw new TextProblem(
        name.start,
        `${type.name}.${field.name} is given twice. Expected once.`,
      );
    }
    const isMessage = field.resolvedType instanceof protobuf.Type;
    if (!this.#skip(":") && !isMessage) {
      const { token } = this.#tokens;
      throw new TextProblem(
        token.start,
        `${quoted(token)} after ${field.name}. Expected ":" and a value.`,
      );
    }
    const before = (message as Record<string, unknown>)[field.name];
    const values: unknown[] = field.repeated && Array.isArray(before) ? before : [];
    const words: string[] = [];
    let foreignValue = false;
    const read = (): void => {
      const isForeign = this.#value(type, field, message, values, words);
      foreignValue ||= isForeign;
    };
    const isList = this.#tokens.token.text === "[" && !field.repeated;
    if (isList && `${type.name}.${field.name}` !== LISTED) {
      throw new TextProblem(
        name.start,
        `${type.name}.${field.name} takes one value. Expected no list.`,
      );
    }
    this.#each(read);
    if (!field.repeated) setField(message, field.name, values[0]);
    else if (values !== before && values.length > 0) setField(message, field.name, values);
    if (field.id >= FOREIGN || foreignValue || isList) {
      this.#foreign.push({
        message: type.name,
        field,
        layer: this.#layer,
        value: words.join(" "),
        where: `${this.#file}:${this.#lines.at(name.start)}`,
      });
    }
    if (type.name.endsWith("LayerParameter")) {
      this.#noteLayer(type.name, field.name, values[0], name.start);
    }
  }

  /** Reads one value, or every one of a list in brackets. */
  #each(read: () => void): void {
    if (!this.#skip("[")) {
      read();
      return;
    }
    if (this.#skip("]")) return;
    do read();
    while (this.#skip(","));
    if (this.#skip("]")) return;
    const { token } = this.#tokens;
    throw new TextProblem(token.start, `${quoted(token)} in a list. Expected "," or "]".`);
  }

  /** Remembers where a layer stands, and what type it is. */
  #noteLayer(message: string, field: string, value: unknown, offset: number): void {
    if (typeof value !== "string") return;
    if (field === "type" && this.#layer && message !== "V0LayerParameter") {
      const old: Readonly<Record<string, string>> = message === "LayerParameter" ? {} : v1Types;
      this.#layer.type = entryOf(old, value) ?? value;
    }
    if (field === "name" && !this.#layerLines.has(value)) {
      this.#layerLines.set(value, this.#lines.lineOf(offset));
    }
  }

  /** One value of a field, put behind `values`; returns whether it is an enum value of another dialect. */
  #value(
    type: protobuf.Type,
    field: protobuf.Field,
    message: object,
    values: unknown[],
    words: string[],
  ): boolean {
    if (field.resolvedType instanceof protobuf.Type) {
      values.push(this.#messageValue(field.resolvedType, field.name));
      return false;
    }
    const { token } = this.#tokens;
    const where = `${type.name}.${field.name}`;
    // Forks do not agree on the kind of a field: a string in one is an enum in another.
    const isLoose = isOfForks(field);
    const isText = field.type === "string" || field.type === "bytes";
    if (token.kind === "string" && (isText || isLoose)) {
      values.push(this.#string(words, field.type === "bytes" ? "bytes" : "text"));
      return false;
    }
    if (token.kind === "string") {
      throw new TextProblem(token.start, quotedValueText(where, token, field));
    }
    const sign = this.#skip("-") ? "-" : "";
    const word = this.#tokens.token;
    if (word.kind !== "word") {
      const shown = sign === "" ? quoted(word) : `- and ${quoted(word)}`;
      throw new TextProblem(token.start, `${where} is ${shown}. Expected ${expectation(field)}.`);
    }
    if (isText && !isLoose) throw new TextProblem(token.start, unquotedText(where, word));
    this.#tokens.next();
    const text = `${sign}${word.text}`;
    words.push(text);
    if (field.resolvedType instanceof protobuf.Enum) {
      const found = enumValue(field.resolvedType, text);
      if (!found && !isLoose) {
        throw new TextProblem(token.start, noEnumText(where, text, field.resolvedType));
      }
      values.push(found?.name ?? text);
      return (found?.id ?? 0) >= FOREIGN;
    }
    const value = isText ? undefined : numberValue(field.type, text);
    if (value !== undefined) values.push(value);
    else if (isLoose) this.#pushUnknown(message, field.name, text, values);
    else {
      throw new TextProblem(
        token.start,
        `${where} is ${cut(text)}. Expected ${expectation(field, text)}.`,
      );
    }
    return false;
  }

  #string(words: string[], as: "text" | "bytes"): unknown {
    const pieces: (string | Uint8Array)[] = [];
    while (this.#tokens.token.kind === "string") {
      const token = this.#tokens.next();
      words.push(token.text);
      pieces.push(as === "text" ? stringValue(token, "text") : stringValue(token, "bytes"));
    }
    if (as === "text") return pieces.join("");
    return Uint8Array.from((pieces as Uint8Array[]).flatMap((piece) => [...piece]));
  }

  #pushUnknown(message: object, field: string, text: string, values: unknown[]): void {
    const value = unknownValue(text);
    if (typeof value === "string") noteBare(message, field);
    values.push(value);
  }

  #messageValue(type: protobuf.Type | undefined, field: string): object {
    const open = this.#tokens.token;
    const close = open.text === "{" ? "}" : open.text === "<" ? ">" : undefined;
    if (open.kind !== "punct" || close === undefined) {
      throw new TextProblem(open.start, `${quoted(open)} after ${field}. Expected "{".`);
    }
    if (++this.#depth > MOST_NESTED) {
      throw new TextProblem(
        open.start,
        `messages lie more than ${MOST_NESTED} deep in one another.`,
      );
    }
    this.#tokens.next();
    const isLayer = type?.name === "LayerParameter" || type?.name === "V1LayerParameter";
    if (isLayer) this.#layer = { type: "", isOld: type.name !== "LayerParameter" };
    const known = type?.name === "AnyParameter" ? undefined : type;
    const message = this.#message(known, close, open.start);
    if (isLayer) this.#layer = undefined;
    this.#depth--;
    return message;
  }

  /** A field of a message that is not in the schema: what stands there tells its kind. */
  #unknownField(message: object, name: Token): void {
    const hasColon = this.#skip(":");
    if (this.#tokens.token.text === "[") beginList(message, name.text);
    this.#each(() => {
      const { token } = this.#tokens;
      const isMessage = token.kind === "punct" && (token.text === "{" || token.text === "<");
      if (isMessage) {
        addValue(message, name.text, this.#messageValue(undefined, name.text));
        return;
      }
      if (!hasColon) {
        throw new TextProblem(
          token.start,
          `${quoted(token)} after ${cut(name.text)}. Expected ":" and a value, or "{".`,
        );
      }
      if (token.kind === "string") {
        addValue(message, name.text, this.#string([], "text"));
        return;
      }
      const sign = this.#skip("-") ? "-" : "";
      const word = this.#tokens.token;
      if (word.kind !== "word") {
        throw new TextProblem(
          word.start,
          `${quoted(word)} after ${cut(name.text)}. Expected a value.`,
        );
      }
      this.#tokens.next();
      const values: unknown[] = [];
      this.#pushUnknown(message, name.text, `${sign}${word.text}`, values);
      addValue(message, name.text, values[0]);
    });
  }
}
