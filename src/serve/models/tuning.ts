import { enginesNamed } from "../../engines/open.ts";
import { silent } from "../../util/log.ts";
import { recordOf } from "../../util/records.ts";
import { countOf } from "../../util/shape.ts";
import type { ModelFacts, ModelPlan } from "./model-plan.ts";
import { OpenModel } from "./open-model.ts";
import { areShort } from "./short-passes.ts";

/** Milliseconds of a pass beyond which several threads are of use. */
const WORTH_HELP = 20;
/**
 * Bytes of weights up to which a net's passes may be short: it is tried in one thread in any case. On a busy machine threads that wait for
 * each other make any pass long.
 */
const FEW_WEIGHTS = 2 ** 23;
/** How much faster several threads have to be: they take cores that requests are read and answered on. */
const HELP_PAYS = 1.3;
/**
 * A pass is timed so often, or for so many milliseconds in all; others have their turn after so many. A net that may be small is timed at
 * least so often: on a busy machine the first passes may take all that time, and tell nothing.
 */
const TIMED_PASSES = 60;
const LEAST_PASSES = 20;
const TIMED_FOR = 100;
const TURN = 10;

/** The form of a model that is faster, and how long its passes take. */
interface Faster {
  readonly model: OpenModel;
  readonly passTime: number;
}

/**
 * Finds out how long passes of an open model take, and whether a single thread is faster than several: a small net is done before those
 * have met, and where it is not, threads that wait for each other keep clients and whoever else has a core from theirs. The model answers
 * already: between the steps of this, which take little time each, others have their turn.
 *
 * @param plan whose threads are not given if they are to be chosen
 * @returns the form that is faster; the other is closed
 */
async function* tuning(
  model: OpenModel,
  plan: ModelPlan,
): AsyncGenerator<undefined, Faster, undefined> {
  const { threads } = model.facts;
  if (plan.threads !== undefined || threads === 1) {
    return { model, passTime: yield* timePasses(model) };
  }
  if (model.weightBytes > FEW_WEIGHTS) {
    const passTime = yield* timePasses(model, WORTH_HELP);
    if (passTime > WORTH_HELP) return { model, passTime };
  }
  const before = { facts: { ...model.facts, threads: 1 }, weights: model.share() };
  const alone = await OpenModel.open({ ...plan, threads: 1 }, silent, before);
  yield undefined;
  const timeAlone = yield* timePasses(alone);
  if (areShort({ passTime: timeAlone })) {
    model.close();
    return { model: alone, passTime: timeAlone };
  }
  // What is not part of a primitive runs with as many threads as the engine has that was opened last.
  await enginesNamed({ ...plan, threads }, silent);
  const timeOfAll = yield* timePasses(model);
  if (timeAlone > HELP_PAYS * timeOfAll) {
    alone.close();
    return { model, passTime: timeOfAll };
  }
  await enginesNamed({ ...plan, threads: 1 }, silent);
  model.close();
  return { model: alone, passTime: timeAlone };
}

/**
 * How long a pass of one row takes at least.
 * @param enough milliseconds: one that takes no longer is the last
 */
async function* timePasses(
  model: OpenModel,
  enough = 0,
): AsyncGenerator<undefined, number, undefined> {
  const { inputs, maxBatch } = model.facts;
  const zeros = inputs.map(({ name, shape: given }) => {
    const shape = maxBatch > 0 ? [1, ...given.slice(1)] : given;
    return [name, { shape, data: new Float32Array(countOf(shape)) }] as const;
  });
  const question = { inputs: recordOf(zeros), rows: maxBatch > 0 ? 1 : 0 };
  let passTime = Number.POSITIVE_INFINITY;
  let [total, inTurn] = [0, 0];
  const isTold = (passes: number): boolean =>
    passTime <= enough || (total >= TIMED_FOR && (passes >= LEAST_PASSES || passTime > WORTH_HELP));
  for (let i = 0; i < TIMED_PASSES && !isTold(i); i++) {
    if (inTurn >= TURN) {
      inTurn = 0;
      yield undefined;
    }
    const from = performance.now();
    await model.ask(question);
    const time = performance.now() - from;
    passTime = Math.min(passTime, time);
    total += time;
    inTurn += time;
  }
  return passTime;
}

/** A model in the thread that it was opened in, which may be replaced by a faster form of it. */
export class TunedModel {
  #model: OpenModel;
  readonly #steps: ReturnType<typeof tuning>;
  #facts: ModelFacts | undefined;

  constructor(model: OpenModel, plan: ModelPlan) {
    this.#model = model;
    this.#steps = tuning(model, plan);
  }

  /** What answers now. */
  get model(): OpenModel {
    return this.#model;
  }

  /**
   * One step of tuning; questions are answered before and after.
   * @returns what is known of the model when that was the last
   */
  async tune(): Promise<ModelFacts | undefined> {
    if (this.#facts) return this.#facts;
    const step = await this.#steps.next();
    if (!step.done) return undefined;
    const { model, passTime } = step.value;
    this.#model = model;
    this.#facts = { ...model.facts, passTime };
    return this.#facts;
  }
}
