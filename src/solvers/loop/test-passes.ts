import type { Net } from "../../net/net.ts";
import { Loss } from "../../net/run/loss.ts";
import type { NetOutput } from "../../net/run/outputs.ts";
import { SolverError } from "../../util/errors.ts";
import { type Log, numberText, outputText } from "../../util/log.ts";
import { type LayerStates, layerStates } from "../snapshots/snapshot.ts";

/** One pass over a test net. */
interface TestPass {
  /** The net whose weights are tested; they are shared, not copied. */
  readonly weights: Net;
  readonly iter: number;
  /** How many batches the scores are means of. */
  readonly batches: number;
  /** The mean loss is logged too. */
  readonly withLoss: boolean;
  /** Asked before each batch. */
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
  /** Test nets that were not run. */
  readonly #passed: Set<number> = new Set();
  #before: readonly LayerStates[] | undefined;

  constructor(nets: readonly Net[], log: Log) {
    this.#nets = nets;
    this.#log = log;
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
   * Runs one test net and logs the mean of every element of every output; of no batches there is none.
   * @returns the means by output name (`name[k]` for the k-th of several elements), or undefined where it was stopped
   */
  async run(index: number, pass: TestPass): Promise<ReadonlyMap<string, number> | undefined> {
    const net = this.#nets[index];
    if (!net) throw new SolverError(`there is no test net #${index} of ${this.#nets.length}.`);
    const { weights, iter, batches, withLoss, isStopped } = pass;
    this.#say(`Iteration ${iter}, Testing net (#${index})`);
    if (batches === 0) return this.#pass(index);
    await net.inTurn(() => net.shareWith(weights, this.#log));
    const sums: number[] = [];
    const loss = new Loss();
    let outputs: readonly NetOutput[] = [];
    for (let i = 0; i < batches; i++) {
      if (await isStopped()) {
        this.#say("Test interrupted.");
        return undefined;
      }
      outputs = await net.inTurn(async (turn) => {
        await turn.forward(loss);
        return net.outputValues();
      });
      let k = 0;
      for (const { values } of outputs) {
        for (let j = 0; j < values.length; j++, k++) sums[k] = (sums[k] ?? 0) + (values[j] ?? 0);
      }
    }
    if (withLoss) this.#say(`Test loss: ${numberText((await loss.read()) / batches)}`);
    return this.#means(outputs, sums, batches);
  }

  /** No batches, and so no scores; warns of that once. */
  #pass(index: number): ReadonlyMap<string, number> {
    if (!this.#passed.has(index)) {
      this.#log(
        "warning",
        "solver",
        `test_iter of test net #${index} is 0: it is not run. Expected 1 or more for it to have scores.`,
      );
    }
    this.#passed.add(index);
    return new Map();
  }

  #means(
    outputs: readonly NetOutput[],
    sums: readonly number[],
    batches: number,
  ): ReadonlyMap<string, number> {
    const scores = new Map<string, number>();
    let k = 0;
    for (const { name, lossWeight, values } of outputs) {
      for (let j = 0; j < values.length; j++, k++) {
        const mean = (sums[k] ?? 0) / batches;
        this.#say(`    Test net output #${k}: ${outputText(name, mean, lossWeight)}`);
        scores.set(values.length === 1 ? name : `${name}[${j}]`, mean);
      }
    }
    return scores;
  }

  #say(message: string): void {
    this.#log("info", "solver", message);
  }
}
