import type { OnnxMessage } from "../format/message.ts";

/** A number that is written as a float: whole numbers are written as such by default. */
interface FloatAttribute {
  readonly f: number;
}

/** The value of an operator's parameter: whole numbers, text, or a float. */
type Attribute = number | string | readonly number[] | FloatAttribute;

export type Attributes = Readonly<Record<string, Attribute>>;

/** A parameter that is a float. */
export function float(value: number): FloatAttribute {
  return { f: value };
}

/** The parameters of a node as messages. */
export function attributeProtos(attributes: Attributes): OnnxMessage<"AttributeProto">[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === "number") return { name, i: value, type: "INT" };
    if (typeof value === "string")
      return { name, s: new TextEncoder().encode(value), type: "STRING" };
    if ("f" in value) return { name, f: value.f, type: "FLOAT" };
    return { name, ints: value, type: "INTS" };
  });
}
