import type { ApVersion } from "../../net/evaluation/average-precision.ts";
import type { Solver, SolverCallbacks } from "../../solvers/solver.ts";
import { removeFrom } from "../../util/arrays.ts";
import { type JudgedTest, NetWatch } from "./net-watch.ts";

/** Tests are watched for so long after somebody has asked. */
const WATCHED_MS = 5 * 60_000;

/** What a test of one net has told. */
export interface WatchedNet extends JudgedTest {
  readonly index: number;
  readonly iter: number;
  readonly scores: Readonly<Record<string, number>>;
  /** Which test of all that were watched it was, from 1. */
  readonly number: number;
}

/** What is known of tests. */
export interface Tested {
  /** Those whose last test is another than who asks knows. */
  readonly nets: readonly WatchedNet[];
  /** The iteration of the next test; undefined where none follows. */
  readonly next: number | undefined;
}

/** Watches the tests of a solver while somebody wants to know: what their nets say of each record, at the moment they compare it. */
export class TestWatch {
  readonly #solver: Solver;
  readonly #guest: SolverCallbacks;
  readonly #told = new Map<number, WatchedNet>();
  #watched: (NetWatch | undefined)[] = [];
  #until = 0;
  #tests = 0;
  /** Whether an iteration has begun since tests are watched: a test that runs now was watched from its beginning. */
  #hasBegun = false;

  constructor(solver: Solver) {
    this.#solver = solver;
    this.#guest = {
      onStart: () => {
        this.#hasBegun = true;
      },
      onTest: (index, scores) => this.#take(index, scores),
      readsLoss: false,
    };
  }

  /** What was told in tests behind number `known`; tests are watched from now on, for a while. */
  ask(known: number): Tested {
    this.#until = performance.now() + WATCHED_MS;
    const { callbacks, testNets } = this.#solver;
    if (testNets.length > 0 && !callbacks.includes(this.#guest)) {
      callbacks.push(this.#guest);
      const version = (this.#solver.param.ap_version ?? "Integral") as ApVersion;
      this.#watched = testNets.map((net) => new NetWatch(net, version));
      this.#hasBegun = false;
    }
    const nets = [...this.#told.values()].filter(({ number }) => number > known);
    return { nets, next: this.#next() };
  }

  async #take(index: number, scores: ReadonlyMap<string, number>): Promise<void> {
    const watch = this.#watched[index];
    // Somebody may have asked in the middle of a test, of which the rest says nothing.
    const isWhole = this.#hasBegun || watch?.batches === this.#solver.param.test_iter?.[index];
    const told = await watch?.take();
    if (told && isWhole) {
      const named = Object.fromEntries(scores);
      const number = ++this.#tests;
      this.#told.set(index, { index, iter: this.#solver.iter, number, scores: named, ...told });
    }
    if (performance.now() > this.#until) this.close();
  }

  /** Watches no longer. */
  close(): void {
    removeFrom(this.#solver.callbacks, this.#guest);
    for (const one of this.#watched) one?.close();
    this.#watched = [];
  }

  #next(): number | undefined {
    const { iter, param, testNets } = this.#solver;
    const { test_interval = 0, test_offset = 0, max_iter = Number.POSITIVE_INFINITY } = param;
    if (testNets.length === 0 || test_interval === 0) return undefined;
    const left = (test_offset - iter) % test_interval;
    const next = iter + (left < 0 ? left + test_interval : left);
    return next > max_iter ? undefined : next;
  }
}
