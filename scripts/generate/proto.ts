import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import { FOREIGN, isOfForks } from "../../src/io/proto/foreign-message.ts";
import { meaningOf } from "./proto-comments.ts";

/** The schemas: their package, their file, and the folder of what is made of them. */
const SCHEMAS = [
  // Programs name its messages, and layers ask for defaults.
  { name: "caffe", file: "proto/caffe.proto", folder: "src/io/proto", isPublic: true },
  { name: "onnx", file: "proto/onnx.proto", folder: "src/onnx/format", isPublic: false },
  {
    name: "tensorboard",
    file: "proto/tensorboard.proto",
    folder: "src/tensorboard",
    isPublic: false,
  },
] as const;

type Schema = (typeof SCHEMAS)[number];

/** The schemas in TypeScript: their types, and what protobufjs reads at run time, by their paths. */
export function protoFiles(): Record<string, string> {
  return Object.assign({}, ...SCHEMAS.map(filesOf));
}

function filesOf(schema: Schema): Record<string, string> {
  const { name, file, folder } = schema;
  const note = `// Made from ${file} by npm run gen:code; change it there.\n`;
  const { root } = protobuf.parse(readFileSync(file, "utf8"), {
    keepCase: true,
    alternateCommentMode: true,
  });
  return {
    [`${folder}/${name}.ts`]: `${note}\n${types(root.lookup(name) as protobuf.Namespace, schema.isPublic)}`,
    [`${folder}/schema.ts`]: `${note}import type { INamespace } from "protobufjs";\n\n/** The schema as protobufjs reads it. */\nexport const schema: INamespace = ${JSON.stringify(root.toJSON(), null, 1)};\n`,
  };
}

function types(namespace: protobuf.Namespace, isPublic: boolean): string {
  const { messages, enums } = declarationsOf(namespace);
  const shown = isPublic ? "export " : "";
  return [
    ...enums
      .filter((one) => isPublic || isUsed(one, messages))
      .map(
        (one) =>
          `${shown}type ${nameOf(one)} = ${Object.keys(one.values)
            .map((value) => JSON.stringify(value))
            .join(" | ")};`,
      ),
    ...messages.map((message) => {
      if (message.name === "AnyParameter") {
        return "/** Parameters of a layer type that another Caffe has: every field by its name. */\nexport interface AnyParameter {\n  readonly [field: string]: unknown;\n}";
      }
      return interfacesOf(message, shown);
    }),
    `/** Every message by its name. */\nexport interface Messages {\n${messages
      .map((message) => `  ${nameOf(message)}: ${nameOf(message)};`)
      .join("\n")}\n}`,
    ...(isPublic ? [defaultedFields(messages), forkFields(messages), messageFields(messages)] : []),
    "",
  ].join("\n\n");
}

/** The type of a message. What other Caffes' files have stands in a type of its own, so that it can be shown apart. */
function interfacesOf(message: protobuf.Type, shown: string): string {
  const name = nameOf(message);
  const own = message.fieldsArray.filter((field) => !isOfForks(field));
  const forks = message.fieldsArray.filter(isOfForks);
  const lines = (fields: readonly protobuf.Field[]): string =>
    fields
      .map((field) => `${docblock(field)}  readonly ${field.name}?: ${fieldType(field)};\n`)
      .join("");
  if (!isMixed(message)) {
    return `${shown}interface ${name} {\n${lines(message.fieldsArray)}}`;
  }
  const theirs = `${name}OfForks`;
  return `/** What other Caffes have in ${name}, and this one besides. */\n${shown}interface ${theirs} {\n${lines(forks)}}\n\n${shown}interface ${name} extends ${theirs} {\n${lines(own)}}`;
}

/** Whether a message has fields of Caffe's and of others. */
function isMixed({ fieldsArray }: protobuf.Type): boolean {
  return fieldsArray.some(isOfForks) && !fieldsArray.every(isOfForks);
}

/** What a field means, above it; whose it is before that, where it is not Caffe's. */
function docblock(field: protobuf.Field): string {
  const meaning = (meaningOf(field) || ofLayers(field)).replace(
    /\[(\w+)\]\(\w+\.md\)/g,
    "the page $1",
  );
  if (meaning === "") return "";
  const whose = isOfForks(field) ? "(forks) " : field.id >= FOREIGN ? "(caffe-ts) " : "";
  return `  /** ${whose}${meaning.replaceAll("*/", "* /")} */\n`;
}

/** Some stand for numbers that a field holds as such. */
function isUsed(one: protobuf.Enum, messages: readonly protobuf.Type[]): boolean {
  return messages.some(({ fieldsArray }) =>
    fieldsArray.some((field) => field.resolve().resolvedType === one),
  );
}

function defaultedFields(messages: readonly protobuf.Type[]): string {
  return `/** The fields of each message that withDefaults always gives: repeated ones, and those with a default in the schema. */\nexport interface DefaultedFields {\n${messages
    .map((message) => {
      const names = message.fieldsArray
        .filter((field) => field.repeated || field.options?.["default"] !== undefined)
        .map(({ name }) => JSON.stringify(name));
      return `  ${nameOf(message)}: ${names.join(" | ") || "never"};`;
    })
    .join("\n")}\n}`;
}

/** What a layer type's parameters are, above the message that has them. */
function ofLayers(field: protobuf.Field): string {
  const { resolvedType } = field.resolve();
  const isOne = field.parent?.name === "LayerParameter" && resolvedType instanceof protobuf.Type;
  return isOne ? (resolvedType.comment ?? "").replace(/\s+/g, " ").trim() : "";
}

function forkFields(messages: readonly protobuf.Type[]): string {
  const lines = messages
    .filter(isMixed)
    .map((message) => `  ${nameOf(message)}: ${nameOf(message)}OfForks;\n`);
  return `/** What other Caffes have in messages of Caffe. */\nexport interface ForkFields {\n${lines.join("")}}`;
}

function messageFields(messages: readonly protobuf.Type[]): string {
  const lines = messages.flatMap((message) => {
    const inner = message.fieldsArray.flatMap((field) => {
      const type = field.resolve().resolvedType;
      return type instanceof protobuf.Type
        ? [`${field.name}: ${JSON.stringify(nameOf(type))}`]
        : [];
    });
    return inner.length === 0 ? [] : [`  ${nameOf(message)}: { ${inner.join("; ")} };\n`];
  });
  return `/** The fields that are messages, and whose. */\nexport interface MessageFields {\n${lines.join("")}}`;
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
