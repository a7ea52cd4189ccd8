import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

const FILE = "proto/caffe.proto";
const NOTE = `// Made from ${FILE} by npm run gen:code; change it there.\n`;

/** The schema in TypeScript: its types, and what protobufjs reads at run time, by their paths. */
export function protoFiles(): Record<string, string> {
  const { root } = protobuf.parse(readFileSync(FILE, "utf8"), { keepCase: true });
  const caffe = root.lookup("caffe") as protobuf.Namespace;
  return {
    "src/io/proto/caffe.ts": types(caffe),
    "src/io/proto/schema.ts": `${NOTE}import type { INamespace } from "protobufjs";\n\n/** The schema as protobufjs reads it. */\nexport const schema: INamespace = ${JSON.stringify(root.toJSON(), null, 1)};\n`,
  };
}

function types(caffe: protobuf.Namespace): string {
  const { messages, enums } = declarationsOf(caffe);
  return [
    NOTE,
    ...enums.map(
      (one) =>
        `export type ${nameOf(one)} = ${Object.keys(one.values)
          .map((value) => JSON.stringify(value))
          .join(" | ")};`,
    ),
    ...messages.map((message) => {
      if (message.name === "AnyParameter") {
        return "/** Parameters of a layer type that another Caffe has: every field by its name. */\nexport interface AnyParameter {\n  readonly [field: string]: unknown;\n}";
      }
      const fields = message.fieldsArray.map(
        (field) => `  readonly ${field.name}?: ${fieldType(field)};`,
      );
      return `export interface ${nameOf(message)} {\n${fields.join("\n")}\n}`;
    }),
    `/** Every message by its name. */\nexport interface Messages {\n${messages
      .map((message) => `  ${nameOf(message)}: ${nameOf(message)};`)
      .join("\n")}\n}`,
    `/** The fields of each message that withDefaults always gives: repeated ones, and those with a default in the schema. */\nexport interface DefaultedFields {\n${messages
      .map((message) => {
        const names = message.fieldsArray
          .filter((field) => field.repeated || field.options?.["default"] !== undefined)
          .map(({ name }) => JSON.stringify(name));
        return `  ${nameOf(message)}: ${names.join(" | ") || "never"};`;
      })
      .join("\n")}\n}`,
    "",
  ].join("\n\n");
}

/** Every message and enum of a namespace, those within messages too. */
function declarationsOf(namespace: protobuf.NamespaceBase): {
  readonly messages: readonly protobuf.Type[];
  readonly enums: readonly protobuf.Enum[];
} {
  const messages: protobuf.Type[] = [];
  const enums: protobuf.Enum[] = [];
  for (const child of namespace.nestedArray) {
    if (child instanceof protobuf.Type) {
      const inner = declarationsOf(child);
      messages.push(child, ...inner.messages);
      enums.push(...inner.enums);
    } else if (child instanceof protobuf.Enum) enums.push(child);
  }
  return { messages, enums };
}

/** `LayerParameter`, and `EltwiseParameterEltwiseOp` for what stands in a message. */
function nameOf(type: protobuf.ReflectionObject): string {
  const { parent } = type;
  return parent instanceof protobuf.Type ? `${nameOf(parent)}${type.name}` : type.name;
}

function fieldType(field: protobuf.Field): string {
  const type = scalarType(field);
  if (!field.repeated) return type;
  if (field.type === "float") return "readonly number[] | Float32Array";
  if (field.type === "double") return "readonly number[] | Float64Array";
  return `readonly ${type}[]`;
}

function scalarType(field: protobuf.Field): string {
  field.resolve();
  if (field.resolvedType) return nameOf(field.resolvedType);
  if (field.type === "string") return "string";
  if (field.type === "bool") return "boolean";
  if (field.type === "bytes") return "Uint8Array";
  return "number";
}
