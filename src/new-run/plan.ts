import { testBatch } from "./split.ts";

/** The size of batches where nothing speaks against it. */
const BATCH = 32;
/** The learning rate of a batch of that size: from nothing, from weights with BatchNorm, and from weights without. */
const [RATE_ANEW, RATE_FROM_NORMALIZED, RATE_FROM_PLAIN] = [0.02, 0.01, 0.001];
/** How often all pictures are seen, and the fewest iterations: from nothing, and from weights. */
const [PASSES_ANEW, PASSES_FROM_WEIGHTS] = [20, 10];
const [LEAST_ANEW, LEAST_FROM_WEIGHTS] = [300, 150];
/** Tests in the course of training. */
const TESTS = 6;

/** What a plan is made for. */
interface PlanFacts {
  readonly train: number;
  readonly val: number;
  readonly test: number | undefined;
  /** How many pictures a batch may have for memory to do. */
  readonly mostBatch: number;
  readonly fromWeights: boolean;
  readonly normalized: boolean;
  /** What was asked for. */
  readonly batch: number | undefined;
  readonly epochs: number | undefined;
}

/** How a net is to be trained. */
export interface Plan {
  readonly batch: number;
  readonly valBatch: number;
  /** Batches that hold the tested pictures exactly. */
  readonly valIterations: number;
  readonly testBatch: number | undefined;
  readonly testIterations: number | undefined;
  readonly baseLr: number;
  readonly iterations: number;
  readonly testInterval: number;
  readonly display: number;
}

/** Finds batches and a schedule for a set of pictures: the learning rate falls in a line from its first value to zero. */
export function planOf(facts: PlanFacts): Plan {
  const { train, val, test, mostBatch, fromWeights, normalized, epochs } = facts;
  const batch = facts.batch ?? Math.max(1, Math.min(BATCH, train, mostBatch));
  const perPass = Math.ceil(train / batch);
  const passes = epochs ?? (fromWeights ? PASSES_FROM_WEIGHTS : PASSES_ANEW);
  const least = fromWeights ? LEAST_FROM_WEIGHTS : LEAST_ANEW;
  const iterations = epochs === undefined ? Math.max(least, passes * perPass) : passes * perPass;
  const whole = !fromWeights ? RATE_ANEW : normalized ? RATE_FROM_NORMALIZED : RATE_FROM_PLAIN;
  const [valBatch, ofTest] = [testBatch(val, mostBatch), test && testBatch(test, mostBatch)];
  return {
    ...{ batch, valBatch, iterations },
    valIterations: val / valBatch,
    testBatch: ofTest,
    testIterations: test && ofTest && test / ofTest,
    baseLr: Number(((whole * Math.min(batch, 4 * BATCH)) / BATCH).toPrecision(2)),
    testInterval: Math.max(1, Math.ceil(iterations / TESTS)),
    display: Math.max(1, Math.round(iterations / 30)),
  };
}
