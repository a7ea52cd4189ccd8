import { readFileSync } from "node:fs";
import { commentedSchema, meaningOf } from "./proto-comments.ts";
import { table } from "./table.ts";

/** fillers-page.md with the fillers from the docblock of src/blob/filler.ts, and their fields from proto/caffe.proto. */
export function fillersPage(): string {
  const source = readFileSync("src/blob/filler.ts", "utf8");
  const [, block = ""] =
    /\/\*\*\n \* The fillers by name\.\n((?: \*.*\n)+?) \*\//.exec(source) ?? [];
  const rows = [...block.matchAll(/^ \* - (\w+) +(.*)$/gm)].map(([, name, formula]) => [
    `\`${name}\``,
    formula!.replace(/ {2,}/g, " "),
  ]);
  const fields = commentedSchema()
    .lookupType("caffe.FillerParameter")
    .fieldsArray.filter((field) => meaningOf(field) !== "");
  const sections: Readonly<Record<string, string>> = {
    fillers: table(["`type`", "values"], rows),
    fields: table(
      ["field", "default", "meaning"],
      fields.map((field) => [
        `\`${field.name}\``,
        String(field.options?.["default"] ?? ""),
        meaningOf(field),
      ]),
    ),
  };
  const byHand = readFileSync("scripts/generate/fillers-page.md", "utf8");
  return byHand.replace(/<!-- (\w+) -->/g, (_, name: string) => sections[name]!);
}
