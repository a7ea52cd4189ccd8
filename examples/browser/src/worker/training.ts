import { type Engines, encodeCaffemodel, type Log, Net, parsePrototxt, Solver } from "caffe-ts";
import type { Built, Filters, News, Texts } from "../messages.ts";
import { feed } from "./feed.ts";
import { Guesser } from "./guesser.ts";
import { forGuessing, withMemoryData, withoutFiles } from "./nets.ts";
import type { Pictures } from "./pictures.ts";

/** Milliseconds between two news of progress, and between two pictures of the filters. */
const [NEWS_EVERY, FILTERS_EVERY] = [100, 400];
/** Iterations of which the speed is told. */
const OF_SPEED = 20;

/** A solver of a page: it learns from pictures in memory, and tells how it goes. */
export class Training {
  readonly guesser: Guesser;
  readonly built: Built;
  readonly #solver: Solver;
  readonly #tell: (news: News) => void;
  #isRunning = false;
  #run: Promise<unknown> = Promise.resolve();
  #iters: number[] = [];
  #losses: number[] = [];
  #startedAt = 0;
  /** Whether it is time to tell of the iteration that is under way: then a GPU is waited for, and its loss is known. */
  #isDue = false;
  /** When the last such iteration began. */
  #dueAt = 0;
  /** Batches of the test that is under way. */
  #tested = 0;
  readonly #durations: number[] = [];
  #toldAt = 0;
  #filtersAt = 0;

  /** @throws CaffeError, Error where the texts say nothing that can be trained */
  constructor(texts: Texts, engines: Engines, pictures: Pictures, tell: (news: News) => void) {
    this.#tell = tell;
    const warnings: string[] = [];
    const log: Log = (severity, _, message) => {
      if (severity === "warning") warnings.push(message);
    };
    const warn = (message: string): void => void warnings.push(message);
    const written = parsePrototxt("NetParameter", texts.net, "the net", warn);
    const net = withMemoryData(written);
    const solverParam = parsePrototxt("SolverParameter", texts.solver, "the solver", warn);
    const solver = withoutFiles(solverParam, net.param);
    const { max_iter } = solver.param;
    if (max_iter === undefined)
      throw new Error("the solver has no max_iter. Expected how many iterations to train.");
    const { param, ...scaling } = forGuessing(written);
    const guessing = new Net(param, { engines, forwardOnly: true });
    try {
      this.guesser = new Guesser(guessing, scaling, "the net that trains");
      this.#solver = new Solver(solver.param, { engines, log });
    } catch (error) {
      guessing.close();
      throw error;
    }
    try {
      feed(this.#solver.net, pictures.train);
      for (const [i, one] of this.#solver.testNets.entries()) {
        const of = this.#solver.param.test_iter?.[i] ?? 0;
        feed(one, pictures.test, () => this.#tellTested(of));
      }
      guessing.shareWith(this.#solver.net);
    } catch (error) {
      this.guesser.close();
      this.#solver.close();
      throw error;
    }
    const isDue = (): boolean => this.#isDue;
    this.#solver.callbacks.push({
      get readsLoss() {
        return isDue();
      },
      onStart: () => {
        this.#startedAt = performance.now();
        this.#isDue = this.#startedAt - this.#dueAt >= NEWS_EVERY;
        if (this.#isDue) this.#dueAt = this.#startedAt;
      },
      onIteration: ({ iter, loss, rate, outputs }) => {
        this.#count(performance.now() - this.#startedAt);
        // Of others a GPU brings down what is displayed, later.
        if (!this.#solver.net.device || this.#isDue || outputs) this.#lost(iter, loss);
        return this.#isDue ? this.#tellProgress(iter, rate) : undefined;
      },
      onLateDisplay: ({ iter, loss }) => this.#lost(iter, loss),
      onTest: (_, scores) => {
        this.#tested = 0;
        tell({ kind: "test", iter: this.#solver.iter, scores: Object.fromEntries(scores) });
      },
    });
    const parameters = this.#solver.net.learnableParams.reduce(
      (sum, { blob }) => sum + blob.count(),
      0,
    );
    const source = this.#solver.net.layers.find(({ param }) => param.type === "MemoryData");
    const batch = source?.param.memory_data_param?.batch_size ?? 0;
    const replaced = [...net.notes, ...solver.notes, ...warnings];
    this.built = { maxIter: max_iter, batch, parameters, replaced };
  }

  #lost(iter: number, loss: number): void {
    this.#iters.push(iter);
    this.#losses.push(loss);
  }

  /** Trains until it is paused, or over. */
  async run(): Promise<"paused" | "done"> {
    if (this.#isRunning) return "paused";
    this.#isRunning = true;
    this.#tested = 0;
    const run = this.#solver.solve();
    this.#run = run.catch(() => undefined);
    try {
      await run;
      await this.#tellProgress(this.#solver.iter, this.#solver.learningRate());
    } finally {
      this.#isRunning = false;
    }
    return this.#solver.stoppedEarly ? "paused" : "done";
  }

  /** Lets a training that runs end with its iteration. */
  async pause(): Promise<void> {
    if (this.#isRunning) this.#solver.request("stop");
    await this.#run;
  }

  /** The weights as a .caffemodel, and nothing of the labels or the data. */
  async save(): Promise<Uint8Array> {
    const { net } = this.#solver;
    await net.paramsToHost();
    const chunks = encodeCaffemodel(net.toParameter());
    return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  }

  async close(): Promise<void> {
    await this.pause();
    this.guesser.close();
    this.#solver.close();
  }

  #count(milliseconds: number): void {
    this.#durations.push(milliseconds);
    if (this.#durations.length > OF_SPEED) this.#durations.shift();
  }

  /** Tells which batch of a test is next, where it is time for news. */
  #tellTested(of: number): void {
    this.#tested++;
    if (performance.now() - this.#toldAt < NEWS_EVERY) return;
    this.#tell({ kind: "testing", batch: this.#tested, of });
    this.#toldAt = performance.now();
  }

  /** What has happened since it was told last. */
  async #tellProgress(iter: number, rate: number): Promise<void> {
    const isDue = performance.now() - this.#filtersAt >= FILTERS_EVERY || !this.#isRunning;
    const filters = isDue ? await this.firstFilters() : undefined;
    const spent = this.#durations.reduce((a, b) => a + b, 0);
    const perSecond = spent > 0 ? (1000 * this.#durations.length) / spent : 0;
    const [iters, losses] = [this.#iters, this.#losses];
    [this.#iters, this.#losses] = [[], []];
    this.#tell({ kind: "progress", iter, iters, losses, rate, perSecond, filters });
    this.#toldAt = performance.now();
    if (filters) this.#filtersAt = this.#toldAt;
  }

  /** The weights of the first convolution; undefined where there is none. */
  async firstFilters(): Promise<Filters | undefined> {
    const { layers } = this.#solver.net;
    const layer = layers.find(({ blobs }) => blobs[0]?.shape.length === 4);
    const weights = layer?.blobs[0];
    if (!layer || !weights) return undefined;
    await weights.dataMem.toHost();
    const { shape } = weights;
    return {
      layer: layer.param.name ?? "",
      shape: [...shape],
      values: Float32Array.from(weights.values()),
    };
  }
}
