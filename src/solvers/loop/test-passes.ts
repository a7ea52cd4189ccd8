import type { ApVersion } from "../../net/evaluation/average-precision.ts";
import { repeatedRecords } from "../../net/evaluation/repeated-records.ts";
import { type TestScore, TestScores, testedPass } from "../../net/evaluation/test-scores.ts";
import type { Net } from "../../net/net.ts";
import { Loss } from "../../net/run/loss.ts";
import { SolverError } from "../../util/errors.ts";
import { type Log, numberText, outputText } from "../../util/log.ts";
import { type LayerStates, layerStates } from "../snapshots/snapshot.ts";
import type { Workers } from "../workers.ts";
import { DealtBatches, statisticsOf, type TestedBatch } from "./dealt-batches.ts";

/** One pass over a test net. */
interface TestPass {
  /** The net whose weights are tested; they are shared, not copied. */
  readonly weights: Net;
  readonly iter: number;
  /** How many batches the scores are means of. */
  readonly batches: number;
  /** The mean loss is logged too. */
  readonly withLoss: boolean;
  /** Some output ought to be of detections. */
  readonly isDetection: boolean;
  /** How average precisions are found, and whether those of each class are logged. */
  readonly apVersion: ApVersion;
  readonly withClasses: boolean;
  /** Asked before each batch; where workers share them, before each has its next. */
  readonly isStopped: () => Promise<boolean>;
}

/**
 * Runs the test nets of a solver, and keeps their layers' states from before: a snapshot that is taken during or after a
 * test resumes before it.
 *
 * @see Caffe's Solver::Test
 */
export class TestPasses {
  readonly #nets: readonly Net[];
  readonly #log: Log;
  /** Warnings that have been given. */
  readonly #warned: Set<string> = new Set();
  readonly #workers: Workers | undefined;
  #before: readonly LayerStates[] | undefined;
  /** By test net: batches that have been dealt out to workers. */
  readonly #dealt: number[];

  constructor(nets: readonly Net[], log: Log, workers?: Workers) {
    this.#nets = nets;
    this.#log = log;
    this.#workers = workers;
    this.#dealt = nets.map(() => 0);
  }

  /** Keeps the layers' states as they are, before the tests of an iteration. */
  async remember(): Promise<void> {
    await Promise.all(this.#nets.map((net) => net.statesToHost()));
    this.#before = this.#nets.map(layerStates);
  }

  /** Forgets the states that were kept: training goes on. */
  forget(): void {
    this.#before = undefined;
  }

  /** The states that were kept, or those of now. */
  states(): readonly LayerStates[] {
    return this.#before ?? this.#nets.map(layerStates);
  }

  /**
   * Runs one test net and logs the mean of every element of every output, and the mean average precision of detections; of no
   * batches there is none.
   * @returns the scores by output name (`name[k]` for the k-th of several elements), or undefined where it was stopped
   */
  async run(index: number, pass: TestPass): Promise<ReadonlyMap<string, number> | undefined> {
    const net = this.#nets[index];
    if (!net) throw new SolverError(`there is no test net #${index} of ${this.#nets.length}.`);
    const { weights, iter, batches, withLoss, isStopped } = pass;
    const scores = new TestScores(net);
    this.#say(`Iteration ${iter}, Testing net (#${index})`);
    if (batches === 0) return this.#pass(index);
    const repeated = repeatedRecords(net, batches, (n) => `test_iter: ${n}`);
    for (const message of repeated) this.#warnOnce(`test net #${index}: ${message}`);
    await net.inTurn(() => net.shareWith(weights, this.#log));
    if (this.#workers) await this.#workers.follow(statisticsOf(net));
    const dealt =
      this.#workers && DealtBatches.suits(net)
        ? new DealtBatches(this.#workers, this.#dealt[index] ?? 0)
        : undefined;
    this.#dealt[index] = (this.#dealt[index] ?? 0) + batches;
    const loss = new Loss();
    let losses = 0;
    const take = (tested: TestedBatch): void => {
      scores.addPass(tested);
      losses += tested.loss;
    };
    const round = (dealt && this.#workers?.count) ?? 1;
    for (let i = 0; i < batches; i++) {
      if (i % round === 0 && (await isStopped())) {
        this.#say("Test interrupted.");
        return undefined;
      }
      await net.inTurn(async (turn) => {
        if (dealt && !dealt.isOwn(i)) {
          await turn.skip();
          return;
        }
        loss.clear();
        await turn.forward(loss);
        const tested = testedPass(net, await net.outputValues());
        const whole = { ...tested, loss: withLoss ? await loss.read() : 0 };
        if (dealt) dealt.add(whole);
        else take(whole);
      });
    }
    for (const tested of (await dealt?.all()) ?? []) take(tested);
    if (withLoss) this.#say(`Test loss: ${numberText(losses / batches)}`);
    const told = await this.#ofFirst(scores.scores(pass.apVersion), dealt);
    if (pass.isDetection && !told.some(({ classes, masks }) => classes ?? masks)) {
      this.#warnOnce(
        `eval_type is "detection", and test net #${index} has no output of a DetectionEvaluate layer: means of its outputs are logged.`,
      );
    }
    return this.#tell(told, pass.withClasses);
  }

  /** Where each worker has tested all by itself, what the first has found: rates and ends hang on it. */
  async #ofFirst(own: TestScore[], dealt: DealtBatches | undefined): Promise<TestScore[]> {
    if (!this.#workers || dealt) return own;
    const [first = own] = await this.#workers.share(own);
    return first;
  }

  /** No batches, and so no scores; warns of that once. */
  #pass(index: number): ReadonlyMap<string, number> {
    this.#warnOnce(
      `test_iter of test net #${index} is 0: it is not run. Expected 1 or more for it to have scores.`,
    );
    return new Map();
  }

  #warnOnce(message: string): void {
    if (!this.#warned.has(message)) this.#log("warning", "solver", message);
    this.#warned.add(message);
  }

  #tell(scores: readonly TestScore[], withClasses: boolean): ReadonlyMap<string, number> {
    for (const [k, { output, value, lossWeight, classes = [], masks }] of scores.entries()) {
      for (const { label, iou } of masks ?? [])
        this.#say(`Seg Classes ${label} IOU : ${numberText(iou)}`);
      if (masks) this.#say(`Seg mIOU : ${numberText(value)}`);
      for (const { label, detections, averagePrecision } of classes) {
        if (detections === 0) {
          this.#log("warning", "solver", `Missing true_pos for label: ${label}`);
        } else if (withClasses) this.#say(`class${label}: ${numberText(averagePrecision)}`);
      }
      this.#say(`    Test net output #${k}: ${outputText(output, value, lossWeight)}`);
    }
    return new Map(scores.map(({ name, value }) => [name, value]));
  }

  #say(message: string): void {
    this.#log("info", "solver", message);
  }
}
