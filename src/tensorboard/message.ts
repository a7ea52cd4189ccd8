import protobuf from "protobufjs/light.js";
import { schema } from "./schema.ts";
import type { Messages } from "./tensorboard.ts";

const root = protobuf.Root.fromJSON(schema);

/** A message of proto/tensorboard.proto, by its name. */
export type TensorBoardMessage<K extends keyof Messages> = Messages[K];

/** The bytes of a message in protobuf's binary form. */
export function encodeMessage<K extends keyof Messages>(name: K, message: Messages[K]): Uint8Array {
  const type = root.lookupType(`tensorboard.${name}`);
  return type.encode(type.fromObject(message as object)).finish();
}
