import { relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

/** Exports that no other file of src imports, and why each is one. */
const KEPT: Readonly<Record<string, string>> = {
  "src/cli/count-bar.ts: countText": "what stands in the bar, which tests read without a terminal",
  "src/cli/log-files.ts: userName": "a system without the user's name cannot be had in a test",
  "src/engines/native/binding.ts: loadAddon": "benchmarks call the addon themselves",
  "src/io/convert/imageset.ts: ImagesetOptions": "tests write them",
  "src/io/prefetch/direct-source.ts: Relief": "tests bring their own",
  "src/monitor/progress.ts: progressText":
    "what stands in the bar, which tests read without a terminal",
  "src/net/tools/gradient-check.ts: checkLayerGradient": "tests check layers one by one",
  "src/onnx/export/translations.ts: translations": "docs/onnx.md is made from it",
  "src/onnx/import/from-onnx.ts: importModel": "tests read files that they make in memory",
  "src/solvers/update/lr-policy.ts: learningRatePolicies": "docs/solvers.md is made from it",
};

/** Whole files that something else than a file of src loads. */
const ENTRIES: Readonly<Record<string, string>> = {
  "src/index.ts": "the package",
  "src/cli/main.ts": "bin/caffe",
  "src/dashboard/api.ts": "the dashboard's page, whose sources are in dashboard/",
  "src/browser/": "the package in a browser, and what stands there in the place of Node's modules",
};

/** `file: name` of every export that no file but its own uses. */
function unusedExports(program: ts.Program, files: readonly string[]): string[] {
  const checker = program.getTypeChecker();
  const used = new Set<ts.Symbol>();
  const original = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const use = (symbol: ts.Symbol | undefined): void => {
    if (symbol) used.add(original(symbol));
  };
  const exportsOf = (module: ts.Node | undefined): ts.Symbol[] => {
    const symbol = module && checker.getSymbolAtLocation(module);
    return symbol ? checker.getExportsOfModule(symbol) : [];
  };
  /** The names that are taken of `import * as name`; undefined where it is used as a whole. */
  const namesOf = (file: ts.SourceFile, name: string): ReadonlySet<string> | undefined => {
    const names = new Set<string>();
    let isWhole = false;
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && node.text === name && !ts.isNamespaceImport(node.parent)) {
        const { parent } = node;
        if (ts.isPropertyAccessExpression(parent) && parent.expression === node)
          names.add(parent.name.text);
        else if (ts.isQualifiedName(parent) && parent.left === node) names.add(parent.right.text);
        else isWhole = true;
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    return isWhole ? undefined : names;
  };

  for (const path of files) {
    const file = program.getSourceFile(path);
    const visit = (node: ts.Node): void => {
      if (ts.isImportSpecifier(node) || ts.isExportSpecifier(node)) {
        const isLocal = ts.isExportSpecifier(node) && !node.parent.parent.moduleSpecifier;
        if (!isLocal) use(checker.getSymbolAtLocation(node.name));
      } else if (ts.isNamespaceImport(node)) {
        const names = namesOf(node.getSourceFile(), node.name.text);
        for (const one of exportsOf(node.parent.parent.moduleSpecifier))
          if (!names || names.has(one.name)) use(one);
      } else if (
        ts.isExportDeclaration(node) &&
        (!node.exportClause || ts.isNamespaceExport(node.exportClause))
      ) {
        exportsOf(node.moduleSpecifier).forEach(use);
      } else if (
        ts.isCallExpression(node) &&
        node.expression.kind === ts.SyntaxKind.ImportKeyword
      ) {
        exportsOf(node.arguments[0]).forEach(use);
      }
      ts.forEachChild(node, visit);
    };
    if (file) visit(file);
  }

  return files.flatMap((path) => {
    const file = program.getSourceFile(path);
    return exportsOf(file)
      .filter((symbol) => original(symbol).declarations?.[0]?.getSourceFile() === file)
      .filter((symbol) => !used.has(original(symbol)))
      .map(({ name }) => `${relative(process.cwd(), path)}: ${name}`);
  });
}

test("what a file of src exports, another file uses", () => {
  const config = ts.readConfigFile("tsconfig.json", ts.sys.readFile).config as object;
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const unused = unusedExports(ts.createProgram(fileNames, options), fileNames).filter(
    (one) => !Object.keys(ENTRIES).some((entry) => one.startsWith(entry)),
  );
  expect(unused.sort()).toEqual(Object.keys(KEPT).sort());
}, 120_000);
