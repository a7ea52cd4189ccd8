import type { RunTask } from "./base-model.ts";
import { testBatch } from "./split.ts";

/** How nets of a task learn. */
interface Schedule {
  /** The size of batches where nothing speaks against it. */
  readonly batch: number;
  /** The update rule, and its weight decay. */
  readonly rule: "SGD" | "Adam";
  readonly decay: number;
  /** The learning rate of a batch of that size: from nothing, from weights with BatchNorm, and from weights without. */
  readonly rates: readonly [anew: number, fromNormalized: number, fromPlain: number];
  /** How often all pictures are seen, and the fewest iterations: from nothing, and from weights. */
  readonly passes: readonly [anew: number, fromWeights: number];
  readonly least: readonly [anew: number, fromWeights: number];
}

const SCHEDULES: Readonly<Record<RunTask, Schedule>> = {
  classification: {
    ...{ batch: 32, rule: "SGD", decay: 0.0005 },
    ...{ rates: [0.02, 0.01, 0.001], passes: [20, 10], least: [300, 150] },
  },
  detection: {
    ...{ batch: 16, rule: "Adam", decay: 0.00005 },
    ...{ rates: [0.002, 0.001, 0.0002], passes: [30, 15], least: [600, 300] },
  },
  segmentation: {
    ...{ batch: 8, rule: "Adam", decay: 0.00005 },
    ...{ rates: [0.005, 0.002, 0.0002], passes: [20, 10], least: [500, 250] },
  },
};

/** No batch learns faster than one that is so many times as large as usual. */
const FASTEST = 4;
/** Tests in the course of training. */
const TESTS = 6;

/** What a plan is made for. */
interface PlanFacts {
  readonly task: RunTask;
  readonly train: number;
  readonly val: number;
  readonly test: number | undefined;
  /** How many pictures a batch may have for memory to do. */
  readonly mostBatch: number;
  readonly fromWeights: boolean;
  readonly normalized: boolean;
  /** Whether the net is tested with one picture at a time. */
  readonly testsSingly: boolean;
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
  readonly rule: "SGD" | "Adam";
  readonly decay: number;
  readonly baseLr: number;
  readonly iterations: number;
  readonly testInterval: number;
  readonly display: number;
}

/** Finds batches and a schedule for a set of pictures: the learning rate falls in a line from its first value to zero. */
export function planOf(facts: PlanFacts): Plan {
  const { train, val, test, mostBatch, fromWeights, normalized, epochs } = facts;
  const { rule, decay, rates, ...usual } = SCHEDULES[facts.task];
  const batch = facts.batch ?? Math.max(1, Math.min(usual.batch, train, mostBatch));
  const perPass = Math.ceil(train / batch);
  const [passes, least] = [usual.passes, usual.least].map(([anew, on]) =>
    fromWeights ? on : anew,
  );
  const iterations =
    epochs === undefined ? Math.max(least ?? 0, (passes ?? 0) * perPass) : epochs * perPass;
  const [anew, fromNormalized, fromPlain] = rates;
  const whole = !fromWeights ? anew : normalized ? fromNormalized : fromPlain;
  const faster = Math.min(batch / usual.batch, FASTEST);
  const most = facts.testsSingly ? 1 : mostBatch;
  const [valBatch, ofTest] = [testBatch(val, most), test && testBatch(test, most)];
  return {
    ...{ batch, valBatch, iterations, rule, decay },
    valIterations: val / valBatch,
    testBatch: ofTest,
    testIterations: test && ofTest && test / ofTest,
    baseLr: Number((whole * faster).toPrecision(2)),
    testInterval: Math.max(1, Math.ceil(iterations / TESTS)),
    display: Math.max(1, Math.round(iterations / 30)),
  };
}
