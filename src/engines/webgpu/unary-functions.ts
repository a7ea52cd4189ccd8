import type { Params, UnaryKernel, UpdateKernel } from "../engine.ts";
import type { Scope } from "./scope.ts";

/** f(x) = x, where a kernel that may apply a function has none to apply. */
export const IDENTITY =
  "fn f(x: f32) -> f32 { return x; }\nfn df(x: f32, y: f32, dy: f32) -> f32 { return dy; }\n";

/** Numbers that there is room for beside a function. */
const MOST_NUMBERS = 4;

/** f(x) and df(x, y, dy) from an elementwise layer's expressions, with its numbers from `p.numbers`. */
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
  const { declared, own } = numbers(scope, name, params);
  return `${declared}
fn f(x: f32) -> f32 { ${own}return ${wgsl.forward}; }
fn df(x: f32, y: f32, dy: f32) -> f32 { ${own}return ${wgsl.backward}; }
`;
}

/** rule(element, rate) from an update rule's statements, with its numbers from `p.numbers`. */
export function updateFunction<P extends Params>(
  scope: Scope,
  { name, history, wgsl }: UpdateKernel<P>,
  params: P,
): string {
  const { declared, own } = numbers(scope, name, params);
  const letters = ["g", ...history];
  const loaded = letters.map((letter, i) => `var ${letter} = element[${i}];`).join(" ");
  const kept = [...letters, "0.0", "0.0"].slice(0, 3).join(", ");
  return `${declared}
fn rule(element: vec3f, rate: f32) -> vec3f { ${own}${loaded} ${wgsl} return vec3f(${kept}); }
`;
}

/** The struct that `p` is in an expression, and the statement that fills it. */
function numbers(
  scope: Scope,
  name: string,
  params: Params,
): { readonly declared: string; readonly own: string } {
  const names = Object.keys(params);
  if (names.length > MOST_NUMBERS) {
    scope.fail(`the function "${name}" has ${names.length} numbers. Expected at most 4.`);
  }
  if (names.length === 0) return { declared: "", own: "" };
  const fields = names.map((field) => `${field}: f32,`).join(" ");
  const values = names.map((_, i) => `p.numbers[${i}]`).join(", ");
  return {
    declared: `\nstruct Numbers { ${fields} }`,
    own: `let p = Numbers(${values}); `,
  };
}

/** The numbers of a function, as `p.numbers` has them. */
export function numbersOf(params: Params = {}): number[] {
  const numbers = Object.values(params);
  return [...numbers, ...new Array<number>(MOST_NUMBERS - numbers.length).fill(0)];
}
