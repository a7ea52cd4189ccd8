import protobuf from "protobufjs/light.js";
import type { Messages } from "../io/proto/caffe.ts";
import { schemaRoot } from "../io/proto/messages.ts";

/** The words among a message's fields: the values of its enums. */
type Words<M> = {
  [F in keyof M]-?: NonNullable<M[F]> extends string
    ? string extends NonNullable<M[F]>
      ? never
      : NonNullable<M[F]>
    : never;
}[keyof M];

type Name = keyof Messages extends infer K ? (K extends `${infer N}Parameter` ? N : never) : never;

/** Enum values by message: `P.Pooling.MAX`. A word itself does as well; these are for who likes to look them up. */
export const P: {
  readonly [N in Name as Words<Messages[`${N}Parameter` & keyof Messages]> extends never
    ? never
    : N]: {
    readonly [W in Words<Messages[`${N}Parameter` & keyof Messages]> & string]: W;
  };
} = params() as never;

function params(): Record<string, Record<string, string>> {
  const result: Record<string, Record<string, string>> = {};
  const caffe = schemaRoot.lookup("caffe") as protobuf.Namespace;
  for (const message of caffe.nestedArray) {
    if (!(message instanceof protobuf.Type) || !message.name.endsWith("Parameter")) continue;
    const words = message.fieldsArray.flatMap(({ resolvedType }) =>
      resolvedType instanceof protobuf.Enum ? Object.keys(resolvedType.values) : [],
    );
    if (words.length > 0) {
      result[message.name.slice(0, -"Parameter".length)] = Object.fromEntries(
        words.map((word) => [word, word]),
      );
    }
  }
  return result;
}
