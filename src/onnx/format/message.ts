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

/** The number of an element type: FLOAT is 1. */
export function elementType(name: ElementType): number {
  return root.lookupEnum("onnx.TensorProto.DataType").values[name] as number;
}

/** The element types that are written. */
export type ElementType = "FLOAT" | "INT64" | "BOOL";
