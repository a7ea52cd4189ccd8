import protobuf from "protobufjs/light.js";
import type { Messages } from "./onnx.ts";
import { schema } from "./schema.ts";

const root = protobuf.Root.fromJSON(schema);

/** A message of proto/onnx.proto, by its name. */
export type OnnxMessage<K extends keyof Messages> = Messages[K];

/** The bytes of a message in protobuf's binary form. */
export function encodeOnnx<K extends keyof Messages>(name: K, message: Messages[K]): Uint8Array {
  const type = root.lookupType(`onnx.${name}`);
  return type.encode(type.fromObject(message as object)).finish();
}

/**
 * A message of its bytes: whole numbers as numbers, enums by name, bytes as views of what is given.
 * @throws Error of protobufjs where lengths or tags do not fit
 */
export function decodeOnnx<K extends keyof Messages>(name: K, bytes: Uint8Array): Messages[K] {
  const type = root.lookupType(`onnx.${name}`);
  return type.toObject(type.decode(bytes), { longs: Number, enums: String }) as Messages[K];
}

const dataTypes = root.lookupEnum("onnx.TensorProto.DataType");

/** The number of an element type: FLOAT is 1. */
export function elementType(name: ElementType): number {
  return dataTypes.values[name] as number;
}

/** The name of an element type in a file, or its number where it has none. */
export function elementTypeName(number: number): string {
  return dataTypes.valuesById[number] ?? String(number);
}

/** The element types that are written. */
export type ElementType = "FLOAT" | "INT64" | "BOOL";
