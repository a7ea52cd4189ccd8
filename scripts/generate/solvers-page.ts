import { readFileSync } from "node:fs";
import type protobuf from "protobufjs";
import { FOREIGN } from "../../src/io/proto/foreign-message.ts";
import * as rules from "../../src/solvers/rules/index.ts";
import { learningRatePolicies } from "../../src/solvers/update/lr-policy.ts";
import { commentedSchema, meaningOf } from "./proto-comments.ts";
import { table } from "./table.ts";

/** Fields of BVLC Caffe have numbers below this, and others above: a comment says what one does that is obeyed. */
/** solvers-page.md with update rules from their docblocks, policies from their formulas, fields from proto/caffe.proto. */
export function solversPage(): string {
  const fields = commentedSchema()
    .lookupType("caffe.SolverParameter")
    .fieldsArray.toSorted((a, b) => a.id - b.id);
  const sections: Readonly<Record<string, string>> = {
    rules: Object.values(rules)
      .map(({ kernel: { name } }) => `### ${name}\n\n${docblock(`rules/${name.toLowerCase()}`)}`)
      .join("\n\n"),
    lbfgs: docblock("lbfgs/lbfgs"),
    policies: table(
      ["lr_policy", "rate", "wants"],
      Object.entries(learningRatePolicies).map(([name, { formula, wants }]) => [
        `\`${name}\``,
        formula,
        wants.map((field) => `\`${field}\``).join(", "),
      ]),
    ),
    fields: fieldTable(fields.filter(({ id }) => id < FOREIGN)),
    ours: fieldTable(fields.filter((field) => field.id >= FOREIGN && meaningOf(field) !== "")),
  };
  const byHand = readFileSync("scripts/generate/solvers-page.md", "utf8");
  return byHand.replace(/<!-- (\w+) -->/g, (_, name: string) => sections[name]!);
}

function docblock(file: string): string {
  const source = readFileSync(`src/solvers/${file}.ts`, "utf8");
  const blocks = [...source.matchAll(/\/\*\*\n((?: \*.*\n)+?) \*\/\nexport (?:const|class)/g)];
  return blocks
    .at(-1)![1]!
    .replace(/^ \* ?/gm, "")
    .replace("@see ", "See ")
    .trim();
}

function fieldTable(fields: readonly protobuf.Field[]): string {
  return table(
    ["field", "type", "default", "meaning"],
    fields.map((field) => [
      `\`${field.name}\``,
      `${field.repeated ? "repeated " : ""}${field.type}`,
      String(field.options?.["default"] ?? ""),
      meaningOf(field),
    ]),
  );
}
