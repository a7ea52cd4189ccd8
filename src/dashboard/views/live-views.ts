import { within } from "../../util/promises.ts";
import { Turns } from "../../util/turns.ts";
import type {
  Batch,
  Graph,
  Histograms,
  TestedNet,
  TestView,
  View,
  ViewName,
  Weights,
} from "../api.ts";
import { restAfter } from "../live/allowance.ts";
import type { LiveLink } from "../live/live-link.ts";
import type { LiveAnswer, Question } from "../live/live-run.ts";
import { batchView } from "./batch-view.ts";
import { HistogramsOverTime } from "./histogram-series.ts";
import type { KeptParts } from "./kept-views.ts";
import { testedNet } from "./test-view.ts";
import type { RunViews } from "./views.ts";
import { weightsView } from "./weights-view.ts";

/** Milliseconds that a page waits for an answer; then it shows what is known, and asks again. */
const PATIENCE = 4000;
/** Milliseconds for which an answer is new enough. */
const FRESH: Readonly<Record<Question, number>> = {
  graph: 10_000,
  weights: 5000,
  samples: 2000,
  batch: 2000,
};
const BUSY =
  "training answers between two iterations, and has not come to that yet: a test runs, or an iteration takes long.";

/** Views of a run that trains, asked for as often as pages want them, and no more often than training can spare the time. */
export class LiveViews implements RunViews {
  readonly names: readonly ViewName[] = ["graph", "weights", "histograms", "batch", "test"];
  readonly #link: LiveLink;
  readonly #classes: ReadonlyMap<number, string>;
  readonly #answers: { readonly [Kind in Question]: Answers<Kind> };
  readonly #histograms = new HistogramsOverTime();
  #sampled = -1;
  /** The last test of each net, and which of all tests was known last. */
  readonly #tested = new Map<number, { readonly iter: number; readonly net: TestedNet }>();
  readonly #turns: Turns = new Turns();
  #known = 0;
  #testedAt = 0;

  constructor(link: LiveLink, classes: ReadonlyMap<number, string>) {
    this.#link = link;
    this.#classes = classes;
    this.#answers = {
      graph: new Answers(link, "graph"),
      weights: new Answers(link, "weights"),
      samples: new Answers(link, "samples"),
      batch: new Answers(link, "batch"),
    };
  }

  graph(): Promise<View<Graph>> {
    return this.#view("graph", (told) => told);
  }

  weights(): Promise<View<Weights>> {
    return this.#view("weights", weightsView);
  }

  async histograms(since: number): Promise<View<Histograms>> {
    const answer = await this.#answers.samples.get();
    if (!answer) return { state: "waiting", why: BUSY };
    if (answer.iter > this.#sampled) {
      this.#sampled = answer.iter;
      this.#histograms.add(answer.iter, answer.told);
    }
    const every = Math.max(FRESH.samples, restAfter(answer.spentMs)) / 1000;
    return there(answer, { arrays: this.#histograms.since(since), every });
  }

  batch(): Promise<View<Batch>> {
    return this.#view("batch", (told) => told && batchView(told, this.#classes), NO_BATCH);
  }

  async test(): Promise<View<TestView>> {
    // Two pages that ask at once would be told of the same test.
    const next = await this.#turns.take(() => this.#lookAtTests());
    if (this.#tested.size > 0) {
      const all = [...this.#tested.values()];
      const iter = Math.max(...all.map((one) => one.iter));
      return there({ iter, at: this.#testedAt }, { nets: all.map(({ net }) => net) });
    }
    if (next === undefined)
      return {
        state: "none",
        why: "no test follows: the solver has no test net, or no test_interval.",
      };
    return {
      state: "waiting",
      why: `tests are watched from now on; the next is at iteration ${next}.`,
    };
  }

  /** Draws what tests have told since the last look. @returns the iteration of the next */
  async #lookAtTests(): Promise<number | undefined> {
    const { nets, next } = await this.#link.tested(this.#known);
    for (const net of nets) {
      this.#tested.set(net.index, { iter: net.iter, net: await testedNet(net, this.#classes) });
      this.#testedAt = Date.now();
    }
    this.#known = Math.max(this.#known, ...nets.map(({ number }) => number));
    return next;
  }

  /** What was looked at, as it was last: to be kept. The net is always there. */
  async last(): Promise<KeptParts> {
    const { graph, samples, batch } = this.#answers;
    const net = graph.last ?? { ...(await this.#link.ask("graph")), at: Date.now() };
    // The run has ended: what was seen of it, it does not show again.
    const seen = batch.last;
    const test = await this.test();
    return {
      graph: there(net, net.told),
      ...(samples.last && { histograms: await this.histograms(-1) }),
      ...(seen?.told && { batch: there(seen, await batchView(seen.told, this.#classes)) }),
      ...(test.state === "there" && { test }),
    };
  }

  /** @param none why there is nothing, where `show` gives nothing */
  async #view<Kind extends Question, T>(
    kind: Kind,
    show: (told: LiveAnswer<Kind>["told"]) => T | undefined | Promise<T | undefined>,
    none = "there is nothing to show.",
  ): Promise<View<T>> {
    const answers = this.#answers[kind] as unknown as Answers<Kind>;
    const answer = await answers.get();
    if (!answer) return { state: "waiting", why: BUSY };
    const make = async (): Promise<View<T>> => {
      const view = await show(answer.told);
      return view === undefined ? { state: "none", why: none } : there(answer, view);
    };
    if (answers.made?.of !== answer) answers.made = { of: answer, view: make() };
    return (await answers.made.view) as View<T>;
  }
}

const NO_BATCH = "no data layer of the train net brings records that can be read here.";

/** @param of the iteration, and when that was */
function there<T>(of: { readonly iter: number; readonly at: number }, view: T): View<T> {
  return { state: "there", iter: of.iter, stamp: of.at, isKept: false, view };
}

/** Answers to one question: the last one, and whether another is on its way. All who ask meanwhile wait for the same. */
class Answers<Kind extends Question> {
  readonly #link: LiveLink;
  readonly #kind: Kind;
  last: (LiveAnswer<Kind> & { readonly at: number }) | undefined;
  /** What was made of an answer: pictures are drawn once, however often pages ask. */
  made: { readonly of: LiveAnswer<Kind>; readonly view: Promise<unknown> } | undefined;
  #lastAt = 0;
  #coming: Promise<void> | undefined;

  constructor(link: LiveLink, kind: Kind) {
    this.#link = link;
    this.#kind = kind;
  }

  /** A new answer, or after a while the last there was. */
  async get(): Promise<Answers<Kind>["last"]> {
    const rest = Math.max(FRESH[this.#kind], restAfter(this.last?.spentMs ?? 0));
    if (this.last && performance.now() - this.#lastAt < rest) return this.last;
    this.#coming ??= this.#ask();
    await within(PATIENCE, this.#coming);
    return this.last;
  }

  async #ask(): Promise<void> {
    try {
      this.last = { ...(await this.#link.ask(this.#kind)), at: Date.now() };
      this.#lastAt = performance.now();
    } finally {
      this.#coming = undefined;
    }
  }
}
