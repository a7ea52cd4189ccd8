// Writes docs/layers.md from the layers themselves: docblocks, arities, engines, and the schema's defaults.
// `npm run gen` writes it; with --check it only says whether it is up to date. Reads dist: build first.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { nativeEngine } from "../dist/engines/native/index.js";
import { ReferenceEngine } from "../dist/engines/reference/index.js";
import { webgpuEngine } from "../dist/engines/webgpu/index.js";
import { messageType } from "../dist/io/proto/messages.js";
import { LayerRegistry } from "../dist/layers/registry.js";

const PAGE = "docs/layers.md";
/** Numbers of fields that only forks of Caffe have begin here. */
const FOREIGN = 10_000;

const registry = new LayerRegistry();
const reference = new ReferenceEngine();
/** In the place of the addon and of a GPU, which need not be there: whatever is asked of it is this again. */
const addon = new Proxy(class {}, {
  get: (_target, name) => (name === Symbol.iterator ? () => [].values() : addon),
  apply: () => addon,
  construct: () => addon,
});
const engines = [reference, nativeEngine(addon, reference), webgpuEngine(addon)];

/** Where a layer's docblock and its parameters stand. */
const sources = new Map(
  readdirSync("src/layers", { recursive: true })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(`src/layers/${file}`, "utf8"))
    .flatMap((text) => {
      const type = /static override readonly type: string = "(\w+)"/.exec(text)?.[1];
      return type ? [[type, text]] : [];
    }),
);

const layers = registry.types.map((type) => ({
  type,
  Class: registry.classOf({ type }),
  ...docblock(sources.get(type)),
}));

/** The docblock above the class: its first sentence, the whole, what it refers to, and the messages it names. */
function docblock(source) {
  const [, block = ""] = /\/\*\*\n((?: \*.*\n)+?) \*\/\nexport class/.exec(source) ?? [];
  const lines = block.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  const see = lines.findIndex((line) => line.startsWith("@see"));
  const text = lines.slice(0, see).join("\n").trim();
  const summary = /^[\s\S]*?\.(?=\s|$)/.exec(text)?.[0].replace(/\s+/g, " ") ?? "";
  const seen = lines.slice(see).join(" ").replaceAll("@see ", "").replace(/\s+/g, " ").trim();
  const messages = [...new Set([...text.matchAll(/`(\w+_param)\b/g)].map(([, name]) => name))];
  return { text, summary, see: seen, messages };
}

/** The lines of a table, its columns as wide as the formatter has them. */
function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((text) => text.replaceAll("|", "\\|")));
  const widths = head.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((text, i) => text.padEnd(widths[i])).join(" | ")} |`;
  const [first, ...others] = cells.map(line);
  return [first, line(widths.map((width) => "-".repeat(width))), ...others];
}

/** `1`, `1 or 2`, `1 to 3`, `2 or more`. */
function count({ min, max }) {
  if (min === max) return String(min);
  if (!Number.isFinite(max)) return min === 0 ? "any number" : `${min} or more`;
  return `${min} ${max === min + 1 ? "or" : "to"} ${max}`;
}

function enginesOf({ needs }) {
  return engines
    .filter((engine) => needs.every((primitive) => engine[primitive] !== undefined))
    .map(({ name }) => name)
    .join(", ");
}

function fieldKind(field) {
  field.resolve();
  const { resolvedType } = field;
  const kind = resolvedType?.values
    ? Object.keys(resolvedType.values)
        .filter((name) => resolvedType.values[name] < FOREIGN)
        .join(", ")
    : (resolvedType?.name ?? field.type);
  return `${kind}${field.repeated ? ", repeated" : ""}${field.required ? ", required" : ""}`;
}

function fieldDefault(field) {
  const value = field.options?.default;
  if (value === undefined) return "";
  const name = field.resolvedType?.valuesById?.[value] ?? value;
  return `\`${field.type === "string" ? JSON.stringify(name) : name}\``;
}

function parameterTable(message) {
  const type = messageType("LayerParameter").fields[message]?.resolve().resolvedType;
  if (!type) throw new Error(`LayerParameter has no ${message}`);
  const rows = type.fieldsArray
    .filter(({ id }) => id < FOREIGN)
    .map((field) => [field.name, fieldKind(field), fieldDefault(field)]);
  return [...table([`\`${message}\``, "kind", "default"], rows), ""];
}

function section({ type, Class, text, see, messages }) {
  const traits = [
    `Bottoms: ${count(Class.bottoms)}`,
    `tops: ${count(Class.tops)}${Class.equalBottomsAndTops ? ", as many as bottoms" : ""}`,
    ...(Class.bottoms.max > 0 && Class.tops.max > 0
      ? [Class.allowsInPlace ? "in place: yes" : "in place: no"]
      : []),
    ...(Class.isLoss ? ["a loss, of weight 1 unless `loss_weight` says otherwise"] : []),
  ];
  return [
    `## ${type}`,
    "",
    text,
    "",
    ...messages.flatMap(parameterTable),
    `${traits.join("; ")}. Engines: ${enginesOf(Class)}${Class.needs.length > 0 ? ` (${Class.needs.map((name) => `\`${name}\``).join(", ")})` : ""}.`,
    "",
    `See ${see}.`,
    "",
  ];
}

const page = `${[
  "<!-- Made from src/layers by npm run gen; change it there. -->",
  "",
  "# Layers",
  "",
  `The ${layers.length} layer types of BVLC Caffe. Letters are explained where they stand; N×C×H×W is a batch of N images of`,
  "C channels, H high and W wide. A layer runs, forward and backward, on the first engine that has every primitive it needs:",
  "those in brackets.",
  "What differs from BVLC Caffe stands in [differences.md](differences.md).",
  "",
  ...table(
    ["type", "", "bottoms → tops", "engines"],
    layers.map(({ type, Class, summary }) => [
      `[${type}](#${type.toLowerCase()})`,
      summary,
      `${count(Class.bottoms)} → ${count(Class.tops)}`,
      enginesOf(Class),
    ]),
  ),
  "",
  ...layers.flatMap(section),
]
  .join("\n")
  .trimEnd()}\n`;

if (!process.argv.includes("--check")) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, "utf8") !== page) {
  console.error(`${PAGE} is older than src/layers. Run npm run build and npm run gen.`);
  process.exitCode = 1;
}
