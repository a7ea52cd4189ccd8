import { readFileSync } from "node:fs";
import ts from "typescript";
import { table } from "./table.ts";

const EVENTS = "src/run-record/events.ts";

/** runs-page.md with the events' fields from their types. */
export function runsPage(): string {
  const source = ts.createSourceFile(
    EVENTS,
    readFileSync(EVENTS, "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const interfaces = source.statements.filter(ts.isInterfaceDeclaration);
  const rows = (name: string): string[][] =>
    fieldsOf(interfaces.find((one) => one.name.text === name)!);
  const common = rows("Event").filter(([field]) => field !== "`type`");
  const events = interfaces
    .filter(({ name }) => /^[A-Z]\w+Event$/.test(name.text))
    .map((one) => {
      const type = one.name.text.replace("Event", "").toLowerCase();
      return `### ${type}\n\n${commentOf(one)}\n\n${table(["field", "type", "what"], rows(one.name.text))}`;
    });
  const sections: Readonly<Record<string, string>> = {
    common: table(["field", "type", "what"], common),
    events: events.join("\n\n"),
    environment: table(["field", "type", "what"], rows("Environment")),
  };
  const byHand = readFileSync("scripts/generate/runs-page.md", "utf8");
  return byHand.replace(/<!-- (\w+) -->/g, (_, name: string) => sections[name]!);
}

/** Name, type and meaning of each field; one without a comment of its own goes with the one before. */
function fieldsOf(declared: ts.InterfaceDeclaration): string[][] {
  return declared.members.filter(ts.isPropertySignature).map((field) => {
    const type = field
      .type!.getText()
      .replace(/\breadonly /g, "")
      .replace(/\s+/g, " ");
    const isOptional = field.questionToken !== undefined;
    return [
      `\`${field.name.getText()}\``,
      `\`${type}\`${isOptional ? ", may lack" : ""}`,
      commentOf(field),
    ];
  });
}

/** The text of a declaration's docblock, in one line. */
function commentOf(node: ts.Node): string {
  const [block] = ts.getJSDocCommentsAndTags(node);
  const { comment = "" } = (block as ts.JSDoc | undefined) ?? {};
  return (typeof comment === "string" ? comment : (ts.getTextOfJSDocComment(comment) ?? ""))
    .replace(/\s+/g, " ")
    .trim();
}
