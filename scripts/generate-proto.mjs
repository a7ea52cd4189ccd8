// Writes src/io/proto/caffe.ts (types) and schema.ts (reflection) from proto/caffe.proto.
// `npm run gen` writes them; with --check it only says whether they are up to date.
import { readFileSync, writeFileSync } from "node:fs";
import protobuf from "protobufjs";

const FILE = "proto/caffe.proto";
const root = protobuf.parse(readFileSync(FILE, "utf8"), { keepCase: true }).root;
const caffe = root.lookup("caffe");
const NOTE = `// Made from ${FILE} by npm run gen; change it there.\n`;

const messages = [];
const enums = [];
collect(caffe);

function collect(namespace) {
  for (const child of namespace.nestedArray) {
    if (child instanceof protobuf.Type) {
      messages.push(child);
      collect(child);
    } else if (child instanceof protobuf.Enum) enums.push(child);
  }
}

function nameOf(type) {
  return type.parent === caffe ? type.name : `${nameOf(type.parent)}${type.name}`;
}

function scalar(field) {
  field.resolve();
  if (field.resolvedType) return nameOf(field.resolvedType);
  if (field.type === "string") return "string";
  if (field.type === "bool") return "boolean";
  if (field.type === "bytes") return "Uint8Array";
  return "number";
}

function fieldType(field) {
  const type = scalar(field);
  if (!field.repeated) return type;
  if (field.type === "float") return "readonly number[] | Float32Array";
  if (field.type === "double") return "readonly number[] | Float64Array";
  return `readonly ${type}[]`;
}

const isDefaulted = (field) => field.repeated || field.options?.default !== undefined;

const types = [
  NOTE,
  ...enums.map(
    (e) =>
      `export type ${nameOf(e)} = ${Object.keys(e.values)
        .map((v) => JSON.stringify(v))
        .join(" | ")};`,
  ),
  ...messages.map((message) => {
    if (message.name === "AnyParameter") {
      return `/** Parameters of a layer type that another Caffe has: every field by its name. */\nexport interface AnyParameter {\n  readonly [field: string]: unknown;\n}`;
    }
    const fields = message.fieldsArray.map((f) => `  readonly ${f.name}?: ${fieldType(f)};`);
    return `export interface ${nameOf(message)} {\n${fields.join("\n")}\n}`;
  }),
  `/** Every message by its name. */\nexport interface Messages {\n${messages.map((m) => `  ${nameOf(m)}: ${nameOf(m)};`).join("\n")}\n}`,
  `/** The fields of each message that withDefaults always gives: repeated ones, and those with a default in the schema. */\nexport interface DefaultedFields {\n${messages
    .map((m) => {
      const names = m.fieldsArray.filter(isDefaulted).map((f) => JSON.stringify(f.name));
      return `  ${nameOf(m)}: ${names.join(" | ") || "never"};`;
    })
    .join("\n")}\n}`,
  "",
].join("\n\n");

const schema = `${NOTE}import type { INamespace } from "protobufjs";\n\n/** The schema as protobufjs reads it. */\nexport const schema: INamespace = ${JSON.stringify(root.toJSON(), null, 1)};\n`;

const outputs = { "src/io/proto/caffe.ts": types, "src/io/proto/schema.ts": schema };
const isCheck = process.argv.includes("--check");
for (const [path, text] of Object.entries(outputs)) {
  if (!isCheck) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error(`${path} is older than ${FILE}. Run npm run gen.`);
    process.exitCode = 1;
  }
}
