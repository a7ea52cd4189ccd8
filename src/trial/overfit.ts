import type { Engines } from "../engines/choose.ts";
import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { keepSource } from "../io/proto/source.ts";
import { Net } from "../net/net.ts";
import { Solver } from "../solvers/solver.ts";
import type { FloatArray } from "../util/arrays.ts";
import { isSource, type Tried, trialParameter } from "./trial-net.ts";

/** How two batches were learned by heart. */
export interface Overfit {
  /** How many samples they hold, both together. */
  readonly samples: number;
  /** How many numbers the net may learn: fewer than there are samples cannot know them by heart. */
  readonly parameters: number;
  readonly iterations: number;
  readonly rate: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
  /** Which share of the samples has its label as the highest score; undefined where no softmax judges one label each. */
  readonly accuracy: number | undefined;
  /** Chance: ln of the classes, where there is such a judge. */
  readonly guess: number | undefined;
  readonly isDone: boolean;
  /** Time was up before it had all its iterations. */
  readonly isCutShort: boolean;
}

/** What two batches hold, by the names of the data layers' tops. */
type Batch = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly values: FloatArray }
>;

const BATCHES = 2;
const MOST_ITERATIONS = 1000;
/** All but one in a hundred, where there are so many. */
const ENOUGH = 0.99;
/** Where no accuracy can be told, the loss has to fall to this share of the first. */
const FALLEN = 0.1;

/**
 * Trains on two batches alone, without weight decay and dropout. A net that learns at all learns them by heart within some
 * hundred iterations; one that does not has a fault that no longer run mends.
 */
export async function overfit(
  tried: Tried,
  engines: Engines,
  rate: number,
  mostMs: number,
): Promise<Overfit> {
  const batches = await takeBatches(tried, engines);
  const net = withInputs(tried.net, batches[0] as Batch);
  const param = trialParameter(tried, net, {
    ...{ base_lr: rate, lr_policy: "fixed", weight_decay: 0, max_iter: MOST_ITERATIONS },
  });
  const solver = new Solver(param, { engines, file: tried.file });
  const judge = judgeIn(net.layer ?? [], solver.net);
  const accuracies = batches.map(() => 0);
  const losses = batches.map(() => 0);
  let [iterations, firstLoss] = [0, 0];
  const end = performance.now() + mostMs;
  const isLearned = (): boolean =>
    judge
      ? Math.min(...accuracies) >= ENOUGH
      : iterations > BATCHES && Math.max(...losses) < FALLEN * firstLoss;
  try {
    const event = { loss: Number.NaN };
    solver.callbacks.push({
      onIteration({ loss }) {
        event.loss = loss;
      },
    });
    while (iterations < MOST_ITERATIONS && performance.now() < end) {
      const k = iterations % BATCHES;
      for (const [name, { shape, values }] of batches[k] ?? []) {
        const blob = solver.net.blob(name);
        // Boxes of objects, as many as a batch has.
        blob.reshape(shape);
        blob.dataMem.overwriteCpu().set(values);
      }
      await solver.step(1);
      await solver.net.toHost();
      losses[k] = event.loss;
      accuracies[k] = judge ? accuracyOf(solver.net, judge) : 0;
      if (iterations++ === 0) firstLoss = event.loss;
      if (!Number.isFinite(event.loss) || isLearned()) break;
    }
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const isDone = isLearned();
    const isWhole = iterations === MOST_ITERATIONS || !Number.isFinite(event.loss);
    return {
      ...{ iterations, rate, firstLoss, lastLoss: mean(losses), isDone },
      isCutShort: !isDone && !isWhole,
      samples: batches.length * (solver.net.inputBlobs[0]?.shape[0] ?? 0),
      parameters: learnedIn(solver.net),
      accuracy: judge && mean(accuracies),
      guess: judge && Math.log(solver.net.blob(judge.scores).shape[1] ?? 1),
    };
  } finally {
    solver.close();
  }
}

function learnedIn({ learnableParams }: Net): number {
  return learnableParams.reduce(
    (sum, { blob, lrMult }) => sum + (lrMult === 0 ? 0 : blob.count()),
    0,
  );
}

/** The first batches that the data layers give. */
async function takeBatches({ net, state }: Tried, engines: Engines): Promise<Batch[]> {
  const layer = (net.layer ?? []).filter(isSource);
  using sources = new Net(keepSource(net, { ...net, layer }), { ...state, engines });
  const batches: Batch[] = [];
  for (let k = 0; k < BATCHES; k++) {
    await sources.forward();
    batches.push(
      new Map(
        [...sources.blobs].map(([name, blob]) => [
          name,
          { shape: [...blob.shape], values: blob.values().slice() },
        ]),
      ),
    );
  }
  return batches;
}

/** The net with inputs in place of its data layers, and without dropout in place, which keeps it from learning by heart. */
function withInputs(net: NetParameter, batch: Batch): NetParameter {
  const layers = (net.layer ?? []).flatMap((layer): LayerParameter[] => {
    const { name = "", top = [], bottom = [], type } = layer;
    if (type === "Dropout" && bottom[0] === top[0]) return [];
    if (!isSource(layer)) return [layer];
    const shape = top.map((blob) => ({ dim: [...(batch.get(blob)?.shape ?? [])] }));
    return [{ name, type: "Input", top, input_param: { shape } }];
  });
  return keepSource(net, { ...net, layer: layers });
}

/** The blobs of scores and labels that a softmax loss compares. */
interface Judge {
  readonly scores: string;
  readonly labels: string;
}

function judgeIn(layers: readonly LayerParameter[], net: Net): Judge | undefined {
  for (const { type, bottom: [scores, labels] = [] } of layers) {
    if (type !== "SoftmaxWithLoss" || scores === undefined || labels === undefined) continue;
    const [images, classes] = net.blob(scores).shape;
    const isOneEach = net.blob(labels).count() === images && net.blob(scores).count(1) === classes;
    if (isOneEach && (classes ?? 0) > 1) return { scores, labels };
  }
  return undefined;
}

function accuracyOf(net: Net, { scores, labels }: Judge): number {
  const [wanted, given] = [net.blob(labels).values(), net.blob(scores).values()];
  const classes = given.length / Math.max(wanted.length, 1);
  let right = 0;
  for (const [image, label] of wanted.entries()) {
    const own = given[image * classes + label] ?? Number.NaN;
    let isHighest = !Number.isNaN(own);
    for (let c = 0; c < classes; c++) {
      if (c !== label && !((given[image * classes + c] ?? 0) < own)) isHighest = false;
    }
    if (isHighest) right++;
  }
  return right / Math.max(wanted.length, 1);
}
