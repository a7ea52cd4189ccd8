import type { Blob } from "../../blob/blob.ts";
import { scoredBlobs } from "../../net/evaluation/scored-blobs.ts";
import type { Net } from "../../net/net.ts";
import type { LayerCallback } from "../../net/run/layer-runner.ts";
import { recordSource } from "../../net/tools/record-source.ts";
import { scaleOf } from "../../report/collect/scored.ts";
import type { Solver, SolverCallbacks } from "../../solvers/solver.ts";
import { removeFrom } from "../../util/arrays.ts";
import { firstNow } from "./array-sample.ts";
import { type JudgedClasses, JudgedTest } from "./judged-test.ts";

/** Tests are watched for so long after somebody has asked. */
const WATCHED_MS = 5 * 60_000;

/** What a test of one net has told. */
export interface WatchedNet {
  readonly index: number;
  readonly iter: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly classes: JudgedClasses | undefined;
  /** Why there are no classes. */
  readonly why: string | undefined;
}

/** What is known of tests. */
export interface Tested {
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

  /** What was told so far; tests are watched from now on, for a while. */
  ask(): Tested {
    this.#until = performance.now() + WATCHED_MS;
    const { callbacks, testNets } = this.#solver;
    if (testNets.length > 0 && !callbacks.includes(this.#guest)) {
      callbacks.push(this.#guest);
      this.#watched = testNets.map((net) => new NetWatch(net));
      this.#hasBegun = false;
    }
    return { nets: [...this.#told.values()], next: this.#next() };
  }

  async #take(index: number, scores: ReadonlyMap<string, number>): Promise<void> {
    const watch = this.#watched[index];
    // Somebody may have asked in the middle of a test, of which the rest says nothing.
    const isWhole = this.#hasBegun || watch?.batches === this.#solver.param.test_iter?.[index];
    const told = await watch?.take();
    if (told && isWhole) {
      const named = Object.fromEntries(scores);
      this.#told.set(index, { index, iter: this.#solver.iter, scores: named, ...told });
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

/** Watches one test net. */
class NetWatch {
  readonly #net: Net;
  readonly #forward: LayerCallback;
  /** Of this test so far. */
  batches = 0;
  #test = new JudgedTest();
  #why: string | undefined;
  /** Batches whose scores are on their way from a device. */
  readonly #arriving: Promise<void>[] = [];

  constructor(net: Net) {
    this.#net = net;
    let comparing: Comparing | undefined;
    this.#forward = (i) => {
      if (i === 0) this.batches++;
      // A pass does not end for who looks at it.
      try {
        if (i === 0) comparing = comparingLayer(net);
        if (comparing === undefined) this.#why = NOTHING_COMPARED;
        else if (i === comparing.layer) this.#look(comparing);
      } catch (error) {
        this.#why = error instanceof Error ? error.message : String(error);
      }
    };
    net.beforeForward.push(this.#forward);
  }

  #look({ layer, ignored }: Comparing): void {
    const net = this.#net;
    const [scores, labels] = net.bottomBlobs[layer] as readonly [Blob, Blob];
    if (!labels.dataMem.isOnHost) {
      this.#why = "labels lie on the GPU.";
      return;
    }
    const source = recordSource(net);
    const [data] = net.topBlobs[source] ?? [];
    const isPicture =
      data?.shape.length === 4 && data.dataMem.isOnHost && data.shape[0] === labels.count();
    const batch = {
      ...{ ignored, classes: scores.count(1), labels: Float32Array.from(labels.values()) },
      pixelsOf: (record: number): Float32Array | undefined => {
        if (!isPicture) return undefined;
        const length = data.count(1);
        return Float32Array.from(data.values().subarray(record * length, (record + 1) * length));
      },
    };
    this.#test.pictures = isPicture
      ? { shape: data.shape.slice(1), transform: net.layers[source]?.param.transform_param }
      : undefined;
    const values = firstNow(scores.dataMem, scores.count());
    if (values instanceof Promise) {
      // By then the batch is another: such a mistake has no picture.
      const later = { ...batch, pixelsOf: () => undefined };
      this.#arriving.push(
        values.then((arrived) => this.#test.add(arrived, scaleOf(net, scores, arrived), later)),
      );
    } else this.#test.add(values, scaleOf(net, scores, values), batch);
  }

  /** What the test that has just ended told; the next begins anew. */
  async take(): Promise<Pick<WatchedNet, "classes" | "why">> {
    try {
      await Promise.all(this.#arriving.splice(0));
    } catch (error) {
      this.#why = error instanceof Error ? error.message : String(error);
    }
    const [classes, why] = [this.#test.classes(), this.#why];
    this.#test = new JudgedTest();
    this.#why = undefined;
    this.batches = 0;
    if (why !== undefined) return { classes: undefined, why };
    return classes
      ? { classes, why: undefined }
      : { classes, why: "no record has a label that counts." };
  }

  close(): void {
    removeFrom(this.#net.beforeForward, this.#forward);
  }
}

interface Comparing {
  readonly layer: number;
  readonly ignored: number | undefined;
}

const NOTHING_COMPARED =
  "the net compares no scores of classes with a label of each record (SoftmaxWithLoss, Accuracy).";

/** The last layer that compares scores of classes with a label of each record: what it reads is there before it runs. */
function comparingLayer(net: Net): Comparing | undefined {
  const [key = "", blobs] = [...scoredBlobs(net)].at(-1) ?? [];
  const layer = net.layerKeys.indexOf(key);
  if (!blobs || layer < 0 || blobs.scores.count(2) !== 1) return undefined;
  return { layer, ignored: blobs.ignored };
}
