import protobuf from "protobufjs/light.js";
import { CaffeError } from "../../util/errors.ts";
import { nearestText } from "../../util/nearest.ts";
import type { DefaultedFields, Messages } from "./caffe.ts";
import { schema } from "./schema.ts";

/** The name of a message of proto/caffe.proto. */
export type MessageName = keyof Messages;

/** A message in which repeated fields, and fields with a default in the schema, are always there. */
type WithDefaults<K extends MessageName> = Omit<Messages[K], DefaultedFields[K]> &
  Required<Pick<Messages[K], DefaultedFields[K] & keyof Messages[K]>>;

const root = protobuf.Root.fromJSON(schema);
root.resolveAll();

const messageNames: ReadonlySet<string> = new Set(
  (root.lookup("caffe") as protobuf.Namespace).nestedArray
    .filter((one) => one instanceof protobuf.Type)
    .map(({ name }) => name),
);

/**
 * The reflected type of a message.
 * @internal The package's declarations need no protobufjs: it is carried.
 * @throws CaffeError where there is none of that name
 */
export function messageType(name: MessageName): protobuf.Type {
  if (!messageNames.has(name)) {
    const isText = typeof name === "string";
    throw new CaffeError(
      `${isText ? `"${(name as string).slice(0, 40)}"` : typeof name} is given as the name of a message.${isText ? nearestText(name, messageNames) : ""} Expected one of caffe.proto, before the message or its text: "NetParameter".`,
    );
  }
  return root.lookupType(`caffe.${name}`);
}

/**
 * The reflected type of the message that holds the type, for nested names.
 * @internal
 */
export const schemaRoot: protobuf.Root = root;

const defaults = new Map<string, Readonly<Record<string, unknown>>>();

/** The message with every default of the schema filled in; an absent message counts as an empty one. */
export function withDefaults<K extends MessageName>(
  name: K,
  message: Messages[K] | undefined,
): WithDefaults<K> {
  let filled = defaults.get(name);
  if (!filled) {
    filled = defaultsOf(messageType(name));
    defaults.set(name, filled);
  }
  return { ...filled, ...message } as WithDefaults<K>;
}

function defaultsOf(type: protobuf.Type): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    if (field.repeated) filled[field.name] = [];
    else if (field.options?.["default"] !== undefined) filled[field.name] = defaultOf(field);
  }
  return filled;
}

/** The default as the messages hold it: enums by name, numbers as numbers. */
function defaultOf(field: protobuf.Field): unknown {
  const value: unknown = field.options?.["default"];
  if (field.resolvedType instanceof protobuf.Enum) {
    return typeof value === "number" ? field.resolvedType.valuesById[value] : value;
  }
  if (field.type === "bool") return value === true || value === "true";
  return field.type === "string" ? value : Number(value);
}
