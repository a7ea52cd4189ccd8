import { join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { isLong } from "../support/long.ts";

/** What can go wrong with a promise, in words, where it does; the type checker says what is one. */
function misusedPromises(program: ts.Program, isLookedAt: (file: string) => boolean): string[] {
  const checker = program.getTypeChecker();
  const found: string[] = [];
  const isThenable = (type: ts.Type): boolean => {
    if (type.isUnion()) return type.types.some(isThenable);
    const then = type.getProperty("then");
    return then !== undefined && checker.getTypeOfSymbol(then).getCallSignatures().length > 0;
  };
  const typeOf = (node: ts.Node): ts.Type => checker.getTypeAtLocation(node);
  const note = (node: ts.Node, what: string): void => {
    const file = node.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${relative(process.cwd(), file.fileName)}:${line + 1}: ${what}`);
  };

  /** Whether what becomes of a promise when it is broken is said: `.catch(f)`, `.then(f, g)`. */
  const isCaught = (node: ts.Expression): boolean => {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
    const { text } = node.expression.name;
    const count = node.arguments.length;
    return (text === "catch" && count === 1) || (text === "then" && count === 2);
  };

  /** Whether nobody takes what an expression gives, though a part of it gives a promise. */
  const isDropped = (node: ts.Expression): boolean => {
    if (ts.isParenthesizedExpression(node)) return isDropped(node.expression);
    if (ts.isConditionalExpression(node))
      return isDropped(node.whenTrue) || isDropped(node.whenFalse);
    if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken;
      const isAssignment =
        kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
      return !isAssignment && (isDropped(node.left) || isDropped(node.right));
    }
    if (ts.isAwaitExpression(node) || ts.isVoidExpression(node) || isCaught(node)) return false;
    return isThenable(typeOf(node));
  };

  /** Whether this is a function that gives a promise. What is written as something else is not asked for its type, which takes long. */
  const givesPromise = (node: ts.Expression): boolean =>
    !ts.isLiteralExpression(node) &&
    !ts.isTemplateExpression(node) &&
    !ts.isObjectLiteralExpression(node) &&
    !ts.isArrayLiteralExpression(node) &&
    typeOf(node)
      .getCallSignatures()
      .some((one) => isThenable(one.getReturnType()));

  /** Whether a function that is given gives a promise to a caller that takes nothing. */
  const isGivenForVoid = (node: ts.Expression): boolean => {
    if (!givesPromise(node)) return false;
    const wanted = checker.getContextualType(node);
    const signatures = wanted ? checker.getNonNullableType(wanted).getCallSignatures() : [];
    const takesNothing =
      signatures.length > 0 &&
      signatures.every((one) => (one.getReturnType().flags & ts.TypeFlags.Void) !== 0);
    return takesNothing;
  };

  /** Whether a promise leaves a `try` whose `catch` or `finally` is then over before it is. */
  const leavesTry = (node: ts.ReturnStatement): boolean => {
    if (!node.expression || ts.isAwaitExpression(node.expression)) return false;
    let isInTry = false;
    let at: ts.Node = node;
    for (; !ts.isFunctionLike(at) && at.parent; at = at.parent) {
      isInTry ||= ts.isTryStatement(at.parent) && at.parent.tryBlock === at;
    }
    const isAsync = ts.getCombinedModifierFlags(at as ts.Declaration) & ts.ModifierFlags.Async;
    return isInTry && isAsync !== 0 && isThenable(typeOf(node.expression));
  };

  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) && isDropped(node.expression)) {
      note(node, "nobody waits for this promise");
    }
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      for (const argument of node.arguments ?? []) {
        if (isGivenForVoid(argument)) note(argument, "whoever calls this waits for no promise");
      }
    }
    if (ts.isReturnStatement(node) && leavesTry(node)) {
      note(node, "this promise is returned out of a try without await");
    }
    if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
      const asked = ts.isIfStatement(node) ? node.expression : node.condition;
      const type = typeOf(asked);
      if (!type.isUnion() && isThenable(type)) note(asked, "a promise is always true");
    }
    ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) {
    if (!file.isDeclarationFile && isLookedAt(file.fileName)) visit(file);
  }
  return found;
}

const config = ts.readConfigFile("tsconfig.test.json", ts.sys.readFile).config as object;
const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());

test.runIf(isLong)(
  "no promise is dropped",
  () => {
    // Without the tests, which take five times as long; the linter looks at them.
    const own = new Set(fileNames.filter((file) => !file.includes("/tests/")));
    const program = ts.createProgram([...own], options);
    expect(misusedPromises(program, (file) => own.has(file))).toEqual([]);
  },
  120_000,
);

test("each kind of dropped promise is found", () => {
  const name = join(process.cwd(), "tests/meta/dropped.ts");
  const text = `
    declare const net: { backward(from?: number): Promise<void>; backward(diffs: object): Promise<object> };
    declare const later: () => Promise<number>, list: number[], each: (then: (x: number) => void) => void;
    net.backward({});
    list.length > 0 && later();
    list.length > 0 ? later() : later();
    list.forEach(async (x) => { await later(); });
    each(later);
    export async function tried(): Promise<number> { try { return later(); } catch { return 1; } }
    if (later()) list.pop();
    // And what is right:
    await net.backward({});
    void later();
    const kept = later();
    export const all = await Promise.all(list.map(async () => kept));
    export const one = async (): Promise<number> => { try { return await later(); } catch { return 1; } };
    declare const maybe: Promise<void> | undefined;
    if (maybe) await maybe;`;
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) =>
    file === name
      ? ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true)
      : read(file, ...rest);
  const program = ts.createProgram([name], { ...options, types: [] }, host);
  expect(misusedPromises(program, (file) => file === name)).toEqual([
    "tests/meta/dropped.ts:4: nobody waits for this promise",
    "tests/meta/dropped.ts:5: nobody waits for this promise",
    "tests/meta/dropped.ts:6: nobody waits for this promise",
    "tests/meta/dropped.ts:7: whoever calls this waits for no promise",
    "tests/meta/dropped.ts:8: whoever calls this waits for no promise",
    "tests/meta/dropped.ts:9: this promise is returned out of a try without await",
    "tests/meta/dropped.ts:10: a promise is always true",
  ]);
}, 60_000);
