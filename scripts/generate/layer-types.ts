import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const INDEX = "src/layers/index.ts";
const NOTE = "// Made from src/layers by npm run gen:code; change it there.\n";

/**
 * What has to be known of layer types where their classes cannot be: the parameters that they read, for texts and for
 * nets written in code, and the index of those that a page can have. By the modules' paths.
 */
export function layerTypeFiles(): Record<string, string> {
  const lines = [
    ...readFileSync(INDEX, "utf8").matchAll(/^export \{ (\w+) \} from "\.\/(.+)";$/gm),
  ];
  const layers = lines.map(([, name = "", file = ""]) => {
    const factOf = (fact: string): string => factOfClass(fact, name, join("src/layers", file));
    return { name, file, factOf };
  });
  const rows = layers.map(
    ({ factOf }) => `  ${factOf("type").slice(1, -1)}: ${factOf("paramFields")},\n`,
  );
  const sources = layers
    .filter(({ factOf }) => /^arity\.(none|any)\b|min: 0/.test(factOf("bottoms")))
    .map(({ factOf }) => factOf("type"));
  const inBrowser = layers.filter(({ factOf }) => factOf("inBrowser") === "true");
  return {
    "src/io/proto/layer-types.ts": `${NOTE}import type { LayerParameter } from "./caffe.ts";

/** The layer types of this package with the parameters that they read: \`paramFields\` of their classes. */
export const paramFields = {
${rows.sort().join("")}} as const satisfies Readonly<Record<string, readonly (keyof LayerParameter)[]>>;

/** Those of them that may have no bottoms. */
export type TypeWithoutBottoms = ${sources.sort().join(" | ")};
`,
    "src/browser/layers.ts": `${NOTE}
${inBrowser.map(({ name, file }) => `export { ${name} } from "../layers/${file}";\n`).join("")}`,
  };
}

/** What a class, or the nearest of those that it extends, says of itself in a static: the text of its value. */
function factOfClass(fact: string, name: string, path: string): string {
  const { statements } = ts.createSourceFile(
    path,
    readFileSync(path, "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const declaration = statements
    .filter(ts.isClassDeclaration)
    .find((one) => one.name?.text === name);
  const member = declaration?.members.find((one) => one.name?.getText() === fact);
  if (member && ts.isPropertyDeclaration(member) && member.initializer)
    return member.initializer.getText();
  const base = declaration?.heritageClauses?.[0]?.types[0]?.expression.getText() ?? "";
  const from = statements
    .filter(ts.isImportDeclaration)
    .find(({ importClause }) => new RegExp(`\\b${base}\\b`).test(importClause?.getText() ?? ""));
  if (!base || !from) throw new Error(`${path}: class ${name} has no static ${fact}.`);
  return factOfClass(fact, base, join(path, "..", JSON.parse(from.moduleSpecifier.getText())));
}
