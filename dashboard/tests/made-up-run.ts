// Answers of a run that never was, of the types that the server answers by.
import type {
  Batch,
  Graph,
  GraphLayer,
  Histograms,
  Picture,
  RunFacts,
  Schedule,
  Spread,
  TestView,
  View,
  Weights,
} from "../../src/dashboard/api.ts";
import { drawnNetOf } from "../../src/draw/drawn-net.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import type { RunEvent } from "../../src/run-record/events.ts";

/** What a class, a layer and a run are called that would do harm on a careless page. */
export const EVIL = `<img src=x onerror="document.title='run'"><b>rose</b>`;

/** A number of 0 to 1 that is the same in every run. */
function noise(i: number): number {
  const x = Math.sin(i * 12.9898) * 43758.5453;
  return x - Math.floor(x);
}

const START = Date.UTC(2026, 0, 5, 9);
const MAX_ITER = 10_000;

/** What a run of LeNet writes up to an iteration. */
export function madeUpEvents(until: number, luck = 0): readonly RunEvent[] {
  const at = (iter: number) => ({ iter, time: START + iter * 21 });
  const events: RunEvent[] = [
    {
      ...{ type: "start", ...at(0), version: 1, net: "LeNet", solver: "lenet_solver.prototxt" },
      ...{
        maxIter: MAX_ITER,
        display: 100,
        outputs: ["loss"],
        testOutputs: [["accuracy", "loss"]],
      },
      score: { name: "accuracy", testNet: 0, mode: "max" },
      ...{ imagesPerIteration: 64, parameters: 431_080, process: 4711, folder: "/home/a/run" },
      command: ["train", "--solver=lenet_solver.prototxt", "--dashboard"],
      environment: {
        ...{ caffe: "0.1.0", node: "v20.19.0", system: "linux x64", host: "box", cores: 8 },
        ...{ processor: "some processor", memory: 2 ** 34, engines: ["native"], ranks: 1 },
        variables: {},
      },
    },
  ];
  for (let iter = 0; iter <= until; iter += 20) {
    const loss = 0.28 + 2 * Math.exp(-iter / 500) + 0.25 * (noise(iter + luck) - 0.5);
    const speed = 2900 + 250 * noise(iter + 7);
    events.push({
      ...{ type: "train", ...at(iter), loss, smoothedLoss: loss },
      rate: 0.01 * (1 + 0.0001 * iter) ** -0.75,
      ...{ iterationsPerSecond: speed / 64, imagesPerSecond: speed },
      ...{ dataWait: 0.01 * noise(iter), memory: 2.1e8 + 3000 * Math.min(iter, 4000) },
      ...(iter % 100 === 0 && { outputs: { loss } }),
    });
    if (iter % 500 === 0) {
      const accuracy = 0.91 - 0.8 * Math.exp(-iter / 400) + 0.004 * noise(iter + luck);
      events.push({
        type: "test",
        ...at(iter),
        net: 0,
        scores: { accuracy, loss: 1.2 - accuracy },
      });
    }
    if (iter > 0 && iter % 2000 === 0) {
      events.push({ type: "snapshot", ...at(iter), state: `lenet_iter_${iter}.solverstate` });
    }
  }
  return events;
}

/** What is said of a run. */
export function madeUpFacts(id: string, iter: number, state: RunFacts["state"]): RunFacts {
  return {
    ...{ id, name: id, state, startedAt: START, net: "LeNet", iter, maxIter: MAX_ITER },
    ...{ smoothedLoss: 0.31, scores: { accuracy: 0.907 }, folder: `/home/a/runs/${id}` },
    command: ["caffe", "train", "--solver=models/lenet solver.prototxt", "--dashboard"],
    environment: { caffe: "0.1.0", node: "v20.19.0", processor: "some processor", cores: "8" },
    stop: state === "ended" ? "done" : undefined,
    ...{ rateFactor: 1, canSteer: state === "live" },
    views: ["graph", "weights", "histograms", "batch", "test"],
  };
}

/** The rate of `inv`. */
export function madeUpSchedule(): Schedule {
  const points = Array.from({ length: 101 }, (_, i) => ({
    iter: i * 100,
    rate: 0.01 * (1 + 0.01 * i) ** -0.75,
  }));
  return { policy: "inv", points, unknownFrom: undefined, note: undefined };
}

function there<T>(view: T): View<T> {
  return { state: "there", iter: 4200, stamp: 1, isKept: false, view };
}

/** A net of a prototxt, with shapes and times that are made up. @param extra names of further layers */
export function madeUpGraph(file: string, extra: readonly string[] = []): View<Graph> {
  const drawn = drawnNetOf(readNetParameter(file));
  const layers = drawn.layers.map((layer, i): GraphLayer => {
    const isLearned = layer.role === "learned";
    const isFused = layer.type === "ReLU" && layer.bottoms[0] === layer.tops[0];
    const before = drawn.layers[i - 1]?.name ?? "";
    return {
      ...layer,
      key:
        drawn.layers.findIndex(({ name }) => name === layer.name) < i
          ? `${layer.name}#2`
          : layer.name,
      engine: "native",
      topShapes: layer.tops.map(() => [64, 20 + i, 24, 24]),
      parameters: isLearned ? 500 * (i + 1) : 0,
      parameterShapes: isLearned ? [[20 + i, 1, 5, 5], [20 + i]] : [],
      ...{ macs: isLearned ? 18_432_000 * (i + 1) : 0, topBytes: 2_949_120, hasBackward: i > 1 },
      forwardMs: isFused ? undefined : 0.2 + noise(i),
      backwardMs: isFused ? undefined : 0.4 + 2 * noise(i + 3),
      fusedInto: isFused ? { key: before, backward: false } : undefined,
      lrMults: isLearned ? [1, 2] : [],
    };
  });
  const like = layers.at(-1);
  for (const name of extra) {
    if (like) layers.push({ ...like, key: name, name, bottoms: [], tops: [name] });
  }
  return there({
    ...{ net: drawn.name, engine: "native", layers },
    totalMs: { forward: 6.1, backward: 12.4 },
    ...{ parameterBytes: 1_724_320, topBytes: 2e7, processBytes: 2.3e8 },
    notes: ["Memory between layers is shared: data and gradients go once their backward has run."],
  });
}

function spread(centre: number, width: number, i = 0): Spread {
  const bins = Array.from({ length: 32 }, (_, k) =>
    Math.round(900 * Math.exp(-(((k - 15.5) / 6) ** 2)) * (0.8 + 0.4 * noise(k + i))),
  );
  return {
    ...{ count: 500, looked: 500, min: centre - width, max: centre + width, mean: centre },
    ...{ std: width / 3, bad: 0, zeros: 0, bins },
  };
}

export function madeUpWeights(picture: Picture): View<Weights> {
  const one = (layer: string, index: number, shape: number[]) => ({
    ...{ layer, index, shape, spread: spread(0, 0.2 / (index + 1)) },
    ...(shape.length > 1
      ? { picture, about: "all 20 filters" }
      : { picture: undefined, about: undefined }),
  });
  return there({
    parameters: [
      ...[one("conv1", 0, [20, 1, 5, 5]), one("conv1", 1, [20]), one("conv2", 0, [50, 20, 5, 5])],
      ...[one("ip1", 0, [500, 800]), one("ip1", 1, [500]), one(EVIL, 0, [10, 500])],
    ],
  });
}

export function madeUpHistograms(): View<Histograms> {
  const kinds = ["weights", "gradients", "activations"] as const;
  const names = ["conv1[0]", "conv2[0]", "ip1[0]", EVIL];
  const arrays = kinds.flatMap((kind) =>
    names.map((name, i) => ({
      ...{ kind, layer: name, index: 0, name },
      samples: Array.from({ length: 12 }, (_, k) => ({
        iter: 100 * k,
        spread: spread(0.02 * k * i, 0.2 + 0.03 * k, k),
      })),
    })),
  );
  return there({ arrays, every: 60 });
}

export function madeUpBatch(picture: Picture): View<Batch> {
  const records = Array.from({ length: 24 }, (_, i) => ({
    ...{ picture, labels: [i % 10], name: i === 0 ? EVIL : `class ${i % 10}` },
    boxes: i === 1 ? [{ label: 3, name: "thing", x: 4, y: 6, width: 14, height: 12 }] : [],
  }));
  return there({
    layer: "mnist",
    shape: [64, 1, 28, 28],
    records,
    about: "divided by scale 0.0039",
  });
}

export function madeUpTest(picture: Picture): View<TestView> {
  const names = ["T-shirt/top", "Trouser", EVIL, "Dress", "Coat"];
  const confusion = names.map((_, i) =>
    names.map((_, k) => (i === k ? 900 - 40 * i : Math.round(30 * noise(i * 5 + k)))),
  );
  const worst = Array.from({ length: 12 }, (_, i) => ({
    ...{ record: 31 * i, picture, label: i % 5, guess: (i + 1) % 5 },
    ...{ confidence: 0.99 - 0.01 * i, ofLabel: 0.002 * i },
  }));
  const right = confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const classes = { records: right + 300, right, names, confusion, shown: [0, 1, 2, 3, 4], worst };
  const none = { classes: undefined, pixels: undefined, objects: undefined, why: undefined };
  const pixels = {
    ...{ records: 40, accuracy: 0.91, meanIou: 0.64, names, confusion, shown: classes.shown },
    ious: [0.9, 0.7, 0.61, "NaN" as const, 0.35],
    colours: names.map((_, i) => `hsl(${70 * i} 60% 45%)`),
    worst: Array.from({ length: 6 }, (_, record) => ({
      ...{ record, picture, accuracy: 0.4 + 0.05 * record, meanIou: 0.2 + 0.04 * record },
      maps: { truth: picture.url, guess: picture.url },
    })),
  };
  const box = { label: 2, name: EVIL, x: 3, y: 4, width: 12, height: 9 };
  const objects = {
    ...{ records: 60, meanAveragePrecision: 0.58 },
    classes: names.map((name, i) => ({
      ...{ name, objects: 40 + i, detections: 60 - i, right: 30, averagePrecision: 0.7 - 0.1 * i },
    })),
    worst: Array.from({ length: 6 }, (_, record) => ({
      ...{ record, picture },
      boxes: [
        { ...box, kind: "wrong" as const, score: 0.9 },
        { ...box, y: 15, kind: "missed" as const, score: undefined },
      ],
    })),
  };
  return there({
    nets: [
      { ...none, index: 0, scores: { accuracy: 0.907 }, classes },
      { ...none, index: 1, scores: { loss: 0.3 }, pixels },
      { ...none, index: 2, scores: { mAP: 0.58 }, objects },
    ],
  });
}
