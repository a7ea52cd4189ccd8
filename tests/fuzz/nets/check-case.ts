import type { Engines } from "../../../src/engines/choose.ts";
import { createEngines } from "../../../src/engines/create.ts";
import { compare, type Difference, type Truth } from "./compare.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import { findWrongGradient } from "./gradients.ts";
import { roundOtherwise } from "./rounding.ts";
import { type Outcome, runCase, type Way } from "./run-case.ts";

/** A case that goes wrong, and in which way of running it. */
export interface Finding extends Difference {
  readonly way: string;
}

/** Every way to run a case, by name. */
export type Ways = ReadonlyMap<string, Way>;

const reference = createEngines({ prefer: "reference" });
/** How many other roundings are tried. */
const ROUNDINGS = 6;
/** Both precisions of the reference. */
const TRUTH = "the reference";
/** The name under which gradients are held against differences. */
export const DIFFERENCES = "reference in float64 against differences";

/** The ways to run a case on engines, by the engines' names. */
export function waysOf(engines: ReadonlyMap<string, Engines>): Ways {
  const ways = new Map<string, Way>();
  for (const [name, one] of engines) {
    ways.set(name, { engines: one });
    if (name !== "webgpu")
      ways.set(`${name}, not fused`, { engines: one, options: { fuse: false } });
    ways.set(`${name}, sharing memory`, {
      engines: one,
      options: { sharesMemory: true },
      seesEnds: true,
    });
    ways.set(`${name}, forward only`, {
      engines: one,
      options: { forwardOnly: true, sharesMemory: name !== "webgpu" },
      seesEnds: true,
    });
  }
  return ways;
}

/**
 * Runs a case in every way, until one gives something wrong.
 * @param only the one way that is of interest
 * @param begin told of each way before it is run
 */
export async function checkCase(
  fuzzCase: FuzzCase,
  ways: Ways,
  only?: string,
  begin: (way: string) => void = () => {},
): Promise<Finding | undefined> {
  begin(TRUTH);
  const truth = await truthOf(fuzzCase);
  const isUnsure = unsureOf(fuzzCase, truth.f64);
  for (const [way, how] of ways) {
    if (only !== undefined && way !== only) continue;
    begin(way);
    // An error of backward does not come then.
    if (how.options?.forwardOnly && truth.f32.error) continue;
    const got = await runCase(fuzzCase, how);
    const difference = await compare(surePart(got, isUnsure), truth);
    if (difference) return { way, ...difference };
  }
  if (truth.f64.error || (only !== undefined && only !== DIFFERENCES)) return undefined;
  begin(DIFFERENCES);
  const wrong = await findWrongGradient(fuzzCase);
  return wrong && { way: DIFFERENCES, ...wrong };
}

/** Squares of larger numbers are none in float32. */
const LARGEST = 1e18;

/** Says of a blob of a pass, by its name there, whether it is not compared. */
type IsUnsure = (what: string) => boolean;

/**
 * What is not compared: everything, where numbers are so large that engines overflow at different steps (as the least there
 * is, which MAX pooling makes of a window of NaN and a layer in place may hide), and where NaN would have to be ranked;
 * gradients, where the greatest of values is looked for that are all NaN or −∞, for which of them gets the gradient is any
 * engine's own choice; the gradient of a convolution's weights, where padding meets what is not finite: an engine may
 * leave padding out of its sums.
 */
function unsureOf({ param }: FuzzCase, { passes }: Outcome): IsUnsure {
  const holds = (name: string, is: (x: number) => boolean): boolean =>
    passes.some((pass) => pass.get(name)?.values.some(is));
  const holdsData = (name = "", is: (x: number) => boolean): boolean => holds(`data ${name}`, is);
  const isLarge = (x: number): boolean => Number.isFinite(x) && Math.abs(x) > LARGEST;
  for (const pass of passes) {
    for (const { values } of pass.values()) if (values.some(isLarge)) return () => true;
  }
  const layers = param.layer ?? [];
  const ranks = layers.filter(({ argmax_param }) => (argmax_param?.top_k ?? 1) > 1);
  if (ranks.some(({ bottom }) => holdsData(bottom?.[0], Number.isNaN))) return () => true;
  const searches = layers.filter(({ type }) => type === "Pooling" || type === "SPP");
  const isLeast = (x: number): boolean => !(x > Number.NEGATIVE_INFINITY);
  const doubtful = searches.filter(({ bottom }) => holdsData(bottom?.[0], isLeast));
  const isHidden = (name = ""): boolean =>
    layers.some(({ bottom, top }) => bottom?.includes(name) && top?.includes(name));
  if (doubtful.some(({ top }) => isHidden(top?.[0]))) return () => true;
  if (doubtful.length > 0) return (what) => /^(diff|dparam) /.test(what);
  const filters = layers
    .filter(({ convolution_param }) => convolution_param?.pad?.some((pad) => pad > 0))
    .map(({ name }) => `dparam ${name}[0]`);
  return (what) => filters.includes(what) && holds(what, Number.isNaN);
}

/** An outcome without what is not compared. */
function surePart(outcome: Outcome, isUnsure: IsUnsure): Outcome {
  const passes = outcome.passes.map(
    (pass) => new Map([...pass].filter(([what]) => !isUnsure(what))),
  );
  return { ...outcome, passes };
}

/** What the reference says of a case. */
export async function truthOf(fuzzCase: FuzzCase): Promise<Truth> {
  const f64 = await runCase(fuzzCase, {
    engines: reference,
    options: { dtype: "f64", fuse: false },
  });
  const f32 = await runCase(fuzzCase, { engines: reference, options: { fuse: false } });
  let moved: Promise<readonly Outcome[]> | undefined;
  return {
    f64,
    f32,
    moved: () => {
      moved ??= Promise.all(
        Array.from({ length: ROUNDINGS }, (_, seed) =>
          runCase(fuzzCase, {
            engines: reference,
            options: { dtype: "f64", fuse: false },
            prepare: (net) => roundOtherwise(net, seed),
          }),
        ),
      );
      return moved;
    },
  };
}
