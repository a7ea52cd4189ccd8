import type { Engines } from "../engines/choose.ts";
import { Solver } from "../solvers/solver.ts";
import { type Tried, trialParameter } from "./trial-net.ts";

/** The loss at one learning rate. */
interface RatePoint {
  readonly rate: number;
  readonly loss: number;
  /** The mean of the losses up to here, of which later ones count more. */
  readonly smoothed: number;
}

/** What a range test found. */
export interface RateRange {
  readonly points: readonly RatePoint[];
  /** The rate at which the smoothed loss is least. */
  readonly best: number | undefined;
  /** The rate from which on the loss explodes; undefined where it does at none. */
  readonly exploding: number | undefined;
  /** Whether there was time for all rates: with fewer, nets that learn slowly show nothing. */
  readonly isWhole: boolean;
  /** A tenth of `best`; undefined where no rate lowers the loss. */
  readonly suggested: number | undefined;
}

/** How many rates are tried where there is time for them, and at least. */
export const MOST_RATES = 120;
const FEWEST_RATES = 30;
/** What each new loss counts for in the smoothed one. */
const SHARE = 0.1;
/** The loss explodes where it is so many times the least one. */
const EXPLODED = 4;
/** A loss that has not fallen to this share of the first has not fallen. */
const FALLEN = 0.97;

/**
 * A learning-rate range test: trains from the start with a rate that grows by the same factor at each iteration, from `least` to
 * `most`, and looks where the loss falls and where it explodes. Rates a step below the one with the least loss train well.
 *
 * @param mostMs no more than so many milliseconds: fewer, larger steps then
 * @param msPerIteration what an iteration takes
 * @see Smith, Cyclical Learning Rates for Training Neural Networks (2017)
 */
export async function testRates(
  tried: Tried,
  engines: Engines,
  mostMs: number,
  msPerIteration: number,
): Promise<RateRange> {
  const [least, most] = rangeOf(tried.param.type ?? "SGD");
  const fitting = Math.floor(mostMs / Math.max(msPerIteration, 0.1));
  const steps = Math.min(Math.max(fitting, FEWEST_RATES), MOST_RATES);
  const gamma = (most / least) ** (1 / (steps - 1));
  const param = trialParameter(tried, tried.net, {
    ...{ base_lr: least, lr_policy: "exp", gamma, max_iter: steps },
  });
  const solver = new Solver(param, { engines, file: tried.file });
  const points: RatePoint[] = [];
  let [mean, weight] = [0, 0];
  let lowest = Number.POSITIVE_INFINITY;
  let exploding: number | undefined;
  try {
    for await (const { loss, learningRate: rate } of solver) {
      mean = (1 - SHARE) * mean + SHARE * loss;
      weight = (1 - SHARE) * weight + SHARE;
      const smoothed = mean / weight;
      points.push({ rate, loss, smoothed });
      lowest = Math.min(lowest, smoothed);
      if (Number.isFinite(smoothed) && (smoothed <= EXPLODED * lowest || points.length < 5))
        continue;
      exploding = rate;
      break;
    }
  } finally {
    solver.close();
  }
  return { points, exploding, isWhole: steps === MOST_RATES, ...judged(points) };
}

/** From rates at which nothing happens to such as no net bears; rules that divide by the gradient's size bear less. */
function rangeOf(type: string): readonly [number, number] {
  const isScaled = ["Adam", "AdamW", "RMSProp", "AdaGrad"].includes(type);
  return isScaled ? [1e-6, 1] : [1e-5, 10];
}

function judged(points: readonly RatePoint[]): Pick<RateRange, "best" | "suggested"> {
  const [first] = points;
  const finite = points.filter(({ smoothed }) => Number.isFinite(smoothed));
  const lowest = finite.reduce<RatePoint | undefined>(
    (found, point) => (found && found.smoothed <= point.smoothed ? found : point),
    undefined,
  );
  if (!first || !lowest || !(lowest.smoothed < FALLEN * first.smoothed)) {
    return { best: undefined, suggested: undefined };
  }
  return { best: lowest.rate, suggested: Number((lowest.rate / 10).toPrecision(1)) };
}
