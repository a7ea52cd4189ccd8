// Writes docs/solvers.md: update rules from their docblocks, policies from their formulas, fields from proto/caffe.proto.
// `npm run gen` writes it; with --check it only says whether it is up to date. Reads dist: build first.
import { readFileSync, writeFileSync } from "node:fs";
import protobuf from "protobufjs";
import { learningRatePolicies } from "../dist/solvers/lr-policy.js";
import * as rules from "../dist/solvers/rules/index.js";

const PAGE = "docs/solvers.md";
const HAND = "scripts/generate-solvers.md";
/** Fields of BVLC Caffe have numbers below this, those of its forks below the next, and ours above. */
const FORKS = 10_000;
const OURS = 11_000;
/** Forks' fields that are obeyed here. */
const OBEYED = [
  "plateau_winsize",
  "warmup_iter",
  "warmup_start_lr",
  "stagelr",
  "stageiter",
  "min_lr",
];

const { root } = protobuf.parse(readFileSync("proto/caffe.proto", "utf8"), {
  keepCase: true,
  alternateCommentMode: true,
});
const fields = root.lookupType("caffe.SolverParameter").fieldsArray.toSorted((a, b) => a.id - b.id);

function docblock(name) {
  const source = readFileSync(`src/solvers/rules/${name.toLowerCase()}.ts`, "utf8");
  const blocks = [...source.matchAll(/\/\*\*\n((?: \*.*\n)+?) \*\/\nexport const/g)];
  return blocks
    .at(-1)[1]
    .replace(/^ \* ?/gm, "")
    .replace("@see ", "See ")
    .trim();
}

function table(head, rows) {
  const cells = [head, ...rows];
  const widths = head.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((text, i) => text.padEnd(widths[i])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

const fieldTable = (own) =>
  table(
    ["field", "type", "default", "meaning"],
    own.map((field) => [
      `\`${field.name}\``,
      `${field.repeated ? "repeated " : ""}${field.type}`,
      field.options?.default === undefined ? "" : String(field.options.default),
      (field.comment ?? "").replace(/\s+/g, " "),
    ]),
  );

const sections = {
  rules: Object.values(rules)
    .map(({ kernel }) => `### ${kernel.name}\n\n${docblock(kernel.name)}`)
    .join("\n\n"),
  policies: table(
    ["lr_policy", "rate", "wants"],
    Object.entries(learningRatePolicies).map(([name, { formula, wants }]) => [
      `\`${name}\``,
      formula,
      wants.map((field) => `\`${field}\``).join(", "),
    ]),
  ),
  fields: fieldTable(fields.filter(({ id }) => id < FORKS)),
  ours: fieldTable(fields.filter(({ id, name }) => id >= OURS || OBEYED.includes(name))),
};

const page = readFileSync(HAND, "utf8").replace(/<!-- (\w+) -->/g, (_, name) => sections[name]);
if (!process.argv.includes("--check")) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, "utf8") !== page) {
  console.error(`${PAGE} is older than what it is made from. Run npm run gen.`);
  process.exitCode = 1;
}
