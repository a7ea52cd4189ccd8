import { readdirSync, readFileSync } from "node:fs";
import protobuf from "protobufjs";
import type { PartialEngine } from "../../src/engines/engine.ts";
import { nativeEngine } from "../../src/engines/native/index.ts";
import { ReferenceEngine } from "../../src/engines/reference/index.ts";
import { webgpuEngine } from "../../src/engines/webgpu/index.ts";
import { FOREIGN } from "../../src/io/proto/foreign-message.ts";
import { messageType } from "../../src/io/proto/messages.ts";
import type { Arity } from "../../src/layers/base/layer.ts";
import { type LayerClass, LayerRegistry } from "../../src/layers/registry.ts";
import { layerExamples } from "./layer-examples.ts";
import { commentedSchema, meaningOf } from "./proto-comments.ts";
import { table } from "./table.ts";

const schema = commentedSchema();

/** Parameters of many layer types, and the type under which a person looks for them. */
const KNOWN_FOR = [
  ["transform_param", "Data"],
  ["loss_param", "SoftmaxWithLoss"],
  ["recurrent_param", "LSTM"],
] as const;

/** What a layer's source says of it. */
interface Docblock {
  readonly text: string;
  /** Its first sentence. */
  readonly summary: string;
  readonly see: string;
  /** The parameters' messages that it names. */
  readonly messages: readonly string[];
}

interface DocumentedLayer extends Docblock {
  readonly type: string;
  readonly Class: LayerClass;
}

/** The layer types: docblocks, arities, engines, and the schema's defaults. */
export function layersPage(): string {
  const registry = new LayerRegistry();
  const sources = sourcesByType();
  const layers = registry.types.map((type) => ({
    type,
    Class: registry.classOf({ type }),
    ...docblock(sources.get(type) ?? ""),
  }));
  const engines = everyEngine();
  const exampleOf = layerExamples();
  const told = tellers(layers);
  const overview = table(
    ["type", "", "bottoms → tops", "engines"],
    layers.map(({ type, Class, summary }) => [
      `[${type}](#${type.toLowerCase()})`,
      summary,
      `${count(Class.bottoms)} → ${count(Class.tops)}`,
      enginesOf(Class, engines),
    ]),
  );
  return `<!-- Made from src/layers by npm run gen; change it there. -->

# Layers

The ${layers.length} layer types of BVLC Caffe and its forks. Letters are explained where they stand; N×C×H×W is a batch of N images of
C channels, H high and W wide. A layer runs, forward and backward, on the first engine that has every primitive it needs:
those in brackets.
What differs from BVLC Caffe stands in [differences.md](differences.md).

${overview}

${layers.map((layer) => section(layer, engines, told, exampleOf(layer.type))).join("\n\n")}
`;
}

/** The text of the file in which a layer's class, its docblock and its parameters stand. */
function sourcesByType(): ReadonlyMap<string, string> {
  const files = readdirSync("src/layers", { recursive: true, encoding: "utf8" });
  const texts = files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(`src/layers/${file}`, "utf8"));
  return new Map(
    texts.flatMap((text) => {
      const type = /static override readonly type: string = "(\w+)"/.exec(text)?.[1];
      return type === undefined ? [] : [[type, text]];
    }),
  );
}

/** The docblock above the class. */
function docblock(source: string): Docblock {
  const [, block = ""] = /\/\*\*\n((?: \*.*\n)+?) \*\/\nexport class/.exec(source) ?? [];
  const lines = block.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  const see = lines.findIndex((line) => line.startsWith("@see"));
  const text = lines.slice(0, see).join("\n").trim();
  return {
    text,
    summary: /^[\s\S]*?\.(?=\s|$)/.exec(text)?.[0].replace(/\s+/g, " ") ?? "",
    see: lines.slice(see).join(" ").replaceAll("@see ", "").replace(/\s+/g, " ").trim(),
    messages: [...new Set([...text.matchAll(/`(\w+_param)\b/g)].map(([, name]) => name!))],
  };
}

/** Every engine, made on what answers anything in the place of an addon and of a GPU, which need not be there. */
function everyEngine(): readonly PartialEngine[] {
  const anything: never = new Proxy(class {}, {
    get: (_target, name) => (name === Symbol.iterator ? () => [].values() : anything),
    apply: () => anything,
    construct: () => anything,
  }) as never;
  const reference = new ReferenceEngine();
  return [reference, nativeEngine(anything, reference, anything), webgpuEngine(anything)];
}

function enginesOf({ needs }: LayerClass, engines: readonly PartialEngine[]): string {
  return engines
    .filter((engine) => needs.every((primitive) => engine[primitive] !== undefined))
    .map(({ name }) => name)
    .join(", ");
}

/** For each parameter the layer type in whose section its fields are: of that name, or the first that has it. */
function tellers(layers: readonly DocumentedLayer[]): ReadonlyMap<string, string> {
  const told = new Map<string, string>(KNOWN_FOR);
  const plain = (name: string): string => name.toLowerCase().replaceAll("_", "");
  for (const { type, messages } of layers) {
    for (const message of messages) {
      const isOwn = plain(message) === `${plain(type)}param`;
      if (isOwn || !told.has(message)) told.set(message, type);
    }
  }
  return told;
}

function section(
  { type, Class, text, see, messages }: DocumentedLayer,
  engines: readonly PartialEngine[],
  told: ReadonlyMap<string, string>,
  example: string,
): string {
  const elsewhere = messages.filter((message) => told.get(message) !== type);
  const links = elsewhere.map((message) => {
    const teller = told.get(message) ?? "";
    return `\`${message}\` under [${teller}](#${teller.toLowerCase()})`;
  });
  const traits = [
    `Bottoms: ${count(Class.bottoms)}`,
    `tops: ${count(Class.tops)}${Class.equalBottomsAndTops ? ", as many as bottoms" : ""}`,
    ...(Class.bottoms.max > 0 && Class.tops.max > 0
      ? [Class.allowsInPlace ? "in place: yes" : "in place: no"]
      : []),
    ...(Class.isLoss ? ["a loss, of weight 1 unless `loss_weight` says otherwise"] : []),
  ];
  const needs = Class.needs.map((name) => `\`${name}\``).join(", ");
  return [
    `## ${type}`,
    text,
    example,
    ...messages.filter((message) => told.get(message) === type).map(parameterTable),
    ...(links.length > 0 ? [`Fields of ${links.join(", of ")}.`] : []),
    `${traits.join("; ")}. Engines: ${enginesOf(Class, engines)}${needs && ` (${needs})`}.`,
    `See ${see}.`,
  ].join("\n\n");
}

/** `1`, `1 or 2`, `1 to 3`, `2 or more`. */
function count({ min, max }: Arity): string {
  if (min === max) return String(min);
  if (!Number.isFinite(max)) return min === 0 ? "any number" : `${min} or more`;
  return `${min} ${max === min + 1 ? "or" : "to"} ${max}`;
}

function parameterTable(message: string): string {
  const type = messageType("LayerParameter").fields[message]?.resolve().resolvedType;
  if (!(type instanceof protobuf.Type)) throw new Error(`LayerParameter has no ${message}`);
  const commented = schema.lookupType(`caffe.${type.name}`).fields;
  const meaning = ({ name }: protobuf.Field): string => meaningOf(commented[name]!);
  const rows = type.fieldsArray
    .filter((field) => field.id < FOREIGN || meaning(field) !== "")
    .map((field) => [field.name, fieldKind(field), fieldDefault(field), meaning(field)]);
  return table([`\`${message}\``, "kind", "default", "meaning"], rows);
}

function fieldKind(field: protobuf.Field): string {
  const { resolvedType } = field.resolve();
  const kind =
    resolvedType instanceof protobuf.Enum
      ? Object.keys(resolvedType.values)
          .filter((name) => resolvedType.values[name]! < FOREIGN)
          .join(", ")
      : (resolvedType?.name ?? field.type);
  return `${kind}${field.repeated ? ", repeated" : ""}${field.required ? ", required" : ""}`;
}

function fieldDefault({ type, options, resolvedType }: protobuf.Field): string {
  const value: unknown = options?.["default"];
  if (value === undefined) return "";
  const name =
    resolvedType instanceof protobuf.Enum
      ? (resolvedType.valuesById[Number(value)] ?? value)
      : value;
  return `\`${type === "string" ? JSON.stringify(name) : name}\``;
}
