import type { Random } from "../../../src/util/random.ts";

/** How the values of an input are drawn. */
export type Kind =
  | { readonly name: Spread }
  /** Whole numbers in [0, below). */
  | { readonly name: "classes"; readonly below: number }
  /** Those numbers, round and round. */
  | { readonly name: "given"; readonly values: readonly number[] };

type Spread =
  | "noise"
  | "wide"
  | "ties"
  | "equal"
  | "large"
  | "tiny"
  | "zeros"
  | "positive"
  | "not finite";

/** Draws one value. */
const spreads: Readonly<Record<Spread, (random: Random) => number>> = {
  noise: (random) => random.uniform(-1, 1),
  wide: (random) => random.gaussian(0, 4),
  ties: (random) => random.below(5) - 2,
  equal: () => 0.7,
  large: (random) => random.uniform(-1, 1) * 10 ** random.uniform(2, 6),
  tiny: (random) => random.uniform(-1, 1) * 10 ** random.uniform(-20, -5),
  zeros: (random) => [0, -0, 0, 1, -1][random.below(5)] as number,
  positive: (random) => random.uniform(0.05, 3),
  "not finite": (random) =>
    random.bernoulli(0.85)
      ? random.uniform(-1, 1)
      : ([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][
          random.below(3)
        ] as number),
};

/** Noise most of the time: what is strange hides what comes behind it. */
export function anyKind(random: Random): Kind {
  const odd = [
    "wide",
    "ties",
    "equal",
    "large",
    "tiny",
    "zeros",
    "positive",
    "not finite",
  ] as const;
  return { name: random.bernoulli(0.6) ? "noise" : (odd[random.below(odd.length)] as Spread) };
}

/** Values of a kind, as float32 holds them. */
export function drawValues(kind: Kind, count: number, random: Random): number[] {
  return Array.from({ length: count }, (_, i) => {
    if (kind.name === "classes") return random.below(kind.below);
    if (kind.name === "given") return Math.fround(kind.values[i % kind.values.length] ?? 0);
    return Math.fround(spreads[kind.name](random));
  });
}
