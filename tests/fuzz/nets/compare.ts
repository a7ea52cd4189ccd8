import { sameShape, shapeText } from "../../../src/util/shape.ts";
import type { Numbers, Outcome } from "./run-case.ts";

/** One number that is wrong, or an error where there should be none. */
export interface Difference {
  readonly what: string;
  readonly text: string;
}

/** What numbers are held against. */
export interface Truth {
  readonly f64: Outcome;
  /** The reference in float32: its own error says what float32 can do. */
  readonly f32: Outcome;
  /** The float64 reference with other rounding, made when first needed. */
  readonly moved: () => Promise<readonly Outcome[]>;
}

/** Errors up to this are every float32 engine's right. */
const RELATIVE = 2e-6;
/** How many times the movement of a few other roundings an error may be. */
const MARGIN = 64;
/** Numbers below are what float32 holds with fewer bits, or not at all. */
const SMALLEST = 1e-37;

/**
 * The first difference between an outcome and the truth; undefined where there is none.
 *
 * Where an element differs by more than a few roundings, its error may be as large as that of the reference in
 * float32, or a multiple of what other rounding does to the truth.
 */
export async function compare(got: Outcome, truth: Truth): Promise<Difference | undefined> {
  const wantError = truth.f32.error?.message;
  if (got.error?.message !== wantError || got.error?.isOurs === false) {
    return {
      what: `error ${got.error?.name ?? "none"}`,
      text: `got ${got.error?.message ?? "no error"}, want ${wantError ?? "none"}`,
    };
  }
  for (const [n, pass] of got.passes.entries()) {
    for (const [what, numbers] of pass) {
      const difference = await compareNumbers(numbers, n, what, truth);
      if (difference) return { what: `pass ${n}, ${what}`, text: difference };
    }
  }
  return undefined;
}

async function compareNumbers(
  got: Numbers,
  n: number,
  what: string,
  truth: Truth,
): Promise<string | undefined> {
  const [f64, f32] = [truth.f64.passes[n]?.get(what), truth.f32.passes[n]?.get(what)];
  if (!f64 || !f32) return "there is no such blob in the reference";
  if (!sameShape(got.shape, f64.shape)) {
    return `shape ${shapeText(got.shape)}, want ${shapeText(f64.shape)}`;
  }
  for (let i = 0; i < got.values.length; i++) {
    const [g, a, b] = [got.values[i] ?? 0, f64.values[i] ?? 0, f32.values[i] ?? 0];
    if (isClose(g, a, b, RELATIVE)) continue;
    const moved = (await truth.moved()).map((one) => one.passes[n]?.get(what)?.values[i] ?? a);
    // Where rounding decides whether there is a number at all, anything may be.
    if (!Number.isFinite(a) || !Number.isFinite(b)) {
      if (kindOf(a) !== kindOf(b) || moved.some((m) => kindOf(m) !== kindOf(a))) continue;
    } else if (Number.isFinite(g)) {
      const spread = moved.reduce((most, m) => Math.max(most, Math.abs(m - a)), 0);
      if (!(Math.abs(g - a) > MARGIN * spread)) continue;
    }
    return `element ${i}: got ${g}, want ${a} (the reference in float32 has ${b})`;
  }
  return undefined;
}

function isClose(g: number, a: number, b: number, relative: number): boolean {
  // The reference adds losses in float64.
  if (!Number.isFinite(Math.fround(a)) && g === Math.fround(a)) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b))
    return kindOf(a) === kindOf(b) && kindOf(g) === kindOf(a);
  return Math.abs(g - a) <= relative * Math.abs(a) + 4 * Math.abs(b - a) + SMALLEST;
}

/** Which numbers that are not finite are alike. */
function kindOf(x: number): string {
  return Number.isFinite(x) ? "finite" : String(x);
}
