import type { Params, PostOp, UnaryKernel } from "../engine.ts";
import type { Scope } from "./scope.ts";

/** f(x) = x, where a kernel that may apply a function has none to apply. */
export const IDENTITY = "fn f(x: f32) -> f32 { return x; }\n";

/** Numbers that there is room for beside a function. */
const MOST_NUMBERS = 4;

/**
 * The one place where WGSL is put together: f(x) and df(x, y, dy) from a layer's expressions. Their numbers lie in
 * `p.numbers` of the kernel they are appended to.
 */
export function unaryFunctions<P extends Params>(
  scope: Scope,
  { name, wgsl }: UnaryKernel<P>,
  params: P,
): string {
  if (!wgsl) {
    scope.fail(
      `the elementwise function "${name}" has no WGSL. Give its kernel a wgsl entry, or let its layer say needs = ["host"].`,
    );
  }
  const names = Object.keys(params);
  if (names.length > MOST_NUMBERS) {
    scope.fail(`the elementwise function "${name}" has ${names.length} numbers. Expected at most 4.`);
  }
  const fields = names.map((field) => `${field}: f32,`).join(" ");
  const values = names.map((_, i) => `p.numbers[${i}]`).join(", ");
  const own = names.length > 0 ? `let p = Numbers(${values}); ` : "";
  return `
${names.length > 0 ? `struct Numbers { ${fields} }` : ""}
fn f(x: f32) -> f32 { ${own}return ${wgsl.forward}; }
fn df(x: f32, y: f32, dy: f32) -> f32 { ${own}return ${wgsl.backward}; }
`;
}

/** The numbers of a function, as `p.numbers` has them. */
export function numbersOf(post: PostOp | undefined): number[] {
  const numbers = Object.values(post?.params ?? {});
  return [...numbers, ...new Array<number>(MOST_NUMBERS - numbers.length).fill(0)];
}
