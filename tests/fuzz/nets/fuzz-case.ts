import type { NetParameter } from "../../../src/io/proto/caffe.ts";
import { printPrototxt } from "../../../src/io/text/prototxt.ts";
import type { Shape } from "../../../src/util/shape.ts";

/** What one input holds in one pass. */
export interface Given {
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** One forward and one backward pass. */
export interface Pass {
  /** By the inputs' names; a shape unlike the present one reshapes the net. */
  readonly inputs: Readonly<Record<string, Given>>;
  /** Keeps the parameters' gradients of the pass before: this one's are added. */
  readonly accumulates: boolean;
}

/** A net, and what runs through it. Parameters and the gradients of outputs follow from `seed` and their names. */
export interface FuzzCase {
  readonly seed: number;
  readonly phase: "TRAIN" | "TEST";
  readonly param: NetParameter;
  readonly passes: readonly Pass[];
}

/** A case for people: the prototxt, and what its inputs hold. */
export function describeCase({ param, passes, phase, seed }: FuzzCase): string {
  const lines = passes.flatMap(({ inputs, accumulates }, i) => [
    `# pass ${i}${accumulates ? ", gradients added to the last ones" : ""}`,
    ...Object.entries(inputs).map(
      ([name, { shape, values }]) =>
        `#   ${name} (${shape.join("x")}): ${values.map((x) => (Object.is(x, -0) ? "-0" : x)).join(" ")}`,
    ),
  ]);
  return `# phase ${phase}, parameters of seed ${seed}\n${printPrototxt("NetParameter", param)}${lines.join("\n")}`;
}
