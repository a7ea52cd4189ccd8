import protobuf from "protobufjs/light.js";
import { nearestText } from "../../util/nearest.ts";
import { cut } from "../../util/printable.ts";
import { entryOf } from "../../util/records.ts";
import { FOREIGN } from "../proto/foreign-message.ts";
import { messageType } from "../proto/messages.ts";
import { v1Types } from "../upgrade/v1.ts";
import { unknownTypeText } from "./fork-layers.ts";
import type { Token } from "./text-tokens.ts";
import { enumValue, expectation, numberValue } from "./text-values.ts";

/** What is said where a solver's field stands in a net, or a net's in a solver. */
export function otherFileText(type: protobuf.Type, field: string): string {
  const isNet = type.name === "NetParameter";
  if (isNet && field === "item") {
    return " It is a field of a label map, which goes to label_map_file.";
  }
  if (!isNet && type.name !== "SolverParameter") return "";
  const other = messageType(isNet ? "SolverParameter" : "NetParameter");
  if (!entryOf(other.fields, field)) return "";
  return isNet
    ? " It is a field of a solver, whose prototxt goes to --solver; a net's goes to --model."
    : " It is a field of a net, whose prototxt goes to --model, or to the solver's field net.";
}

/** A token as a message quotes it. */
export function quoted({ kind, text }: Token): string {
  if (kind === "end") return "the end of the file";
  return kind === "string" ? cut(text) : `"${cut(text)}"`;
}

/** A string is wanted, and there is a word: a layer's type without quotes, or the old name of one. */
export function unquotedText(where: string, { text }: Token): string {
  const old = where === "LayerParameter.type" ? (v1Types as Record<string, string>) : {};
  const name = entryOf(old, text);
  return `${where} is ${cut(text)} without quotes. Write "${cut(name ?? text)}".`;
}

/** There is a string, and no string is wanted. */
export function quotedValueText(where: string, token: Token, field: protobuf.Field): string {
  const { resolvedType } = field;
  const shown = cut(token.text);
  const inside = token.text.slice(1, -1);
  if (where === "V1LayerParameter.type") {
    const [old] = Object.entries(v1Types).find(([, name]) => name === inside) ?? [];
    const orOld = old ? `, or layers { type: ${old} }` : "";
    return `${where} is ${shown}, and "layers" is the old form, whose types have other names. Write layer { type: "${cut(inside)}" }${orOld}.`;
  }
  const isKnown = resolvedType instanceof protobuf.Enum && enumValue(resolvedType, inside);
  const instead = isKnown || numberValue(field.type, inside) !== undefined;
  return `${where} is ${shown}. Expected ${expectation(field)}, without quotes.${instead ? ` Write ${inside}.` : ""}`;
}

/** A word is none of an enum's, with what it may have meant. */
export function noEnumText(where: string, text: string, type: protobuf.Enum): string {
  const known = Object.keys(type.values).filter((name) => (type.values[name] ?? 0) < FOREIGN);
  if (where === "V1LayerParameter.type") {
    return unknownTypeText(text, known);
  }
  return `${where} is ${cut(text)}. Expected one of ${known.join(", ")}.${nearestText(text, known)}`;
}
