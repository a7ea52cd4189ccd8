// What a net, a solver, a classifier and a detector say once they are closed.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Classifier } from "../../src/inference/classifier.ts";
import { Detector } from "../../src/inference/detector.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { Net } from "../../src/net/net.ts";
import { fullyConvolutional } from "../../src/net/tools/surgery.ts";
import { Solver } from "../../src/solvers/solver.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const LAYERS = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
  layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 } }`;
const TEXT = `name: "shut" ${LAYERS}`;
const file = join(folder, "none");
const CLOSED = 'net "shut" is closed. Expected one in use.';

/** What each member of a class is called with; those that are not named are called without anything. */
type Calls = Readonly<Record<string, readonly unknown[]>>;

/** Every getter and method of an object's classes, and setters, as what uses it. */
function usesOf(object: object, calls: Calls): [name: string, use: () => unknown][] {
  const uses: [string, () => unknown][] = [];
  for (
    let type = Object.getPrototypeOf(object);
    type !== Object.prototype;
    type = Object.getPrototypeOf(type)
  ) {
    for (const [name, { get, set, value }] of Object.entries(
      Object.getOwnPropertyDescriptors(type as object),
    )) {
      if (get) uses.push([name, () => get.call(object)]);
      if (set) uses.push([`set ${name}`, () => set.call(object, true)]);
      if (typeof value !== "function" || name === "constructor") continue;
      uses.push([name, () => value.apply(object, calls[name] ?? [])]);
    }
  }
  return uses;
}

/** Uses all of a closed object, but for what still may be; the names of what did not say that it is closed. */
async function notRefused(
  object: object,
  calls: Calls,
  allowed: readonly string[],
): Promise<string[]> {
  const silent: string[] = [];
  for (const [name, use] of usesOf(object, calls)) {
    if (allowed.includes(name)) continue;
    let message = "";
    try {
      await use();
    } catch (error) {
      message = (error as Error).message;
    }
    if (message !== CLOSED) silent.push(`${name}: ${message}`);
  }
  return silent;
}

test("whatever works with a closed net says that it is closed, and writes nothing", async () => {
  const net = Net.parse(TEXT);
  net.close();
  const data = { data: new Float32Array(48) };
  const calls: Calls = {
    forward: [data],
    backward: [{ fc: [1, 2] }],
    forwardAll: [data],
    forwardBackwardAll: [data, { fc: [[1, 2]] }],
    inTurn: [() => "it ran"],
    copyFrom: [file],
    shareWith: [Net.parse(TEXT)],
    save: [file],
    saveHdf5: [file],
  };
  // Its form is still told; its blobs are empty.
  const form = [
    ..."layers layerNames layerKeys layerIndex layer bottomNames topNames blobNames".split(" "),
    ..."inputBlobs outputBlobs bottomBlobs topBlobs bottomNeedsBackward layerNeedsBackward".split(
      " ",
    ),
    ..."lossWeights blob isOpen close".split(" "),
  ];
  expect(await notRefused(net, calls, form)).toEqual([]);
  for (const use of [
    () => net.forward(),
    () => net.backward(),
    () => Net.parse(TEXT).shareWith(net),
    () => fullyConvolutional(net),
  ]) {
    await expect((async () => use())()).rejects.toThrow(CLOSED);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("whatever works with a closed solver says that its net is closed, and writes nothing", async () => {
  const solver = Solver.parse(
    `base_lr: 0.1 lr_policy: "fixed" max_iter: 3 snapshot_prefix: "${join(folder, "s")}" net_param { ${TEXT} }`,
  );
  solver.close();
  const calls: Calls = { step: [1], restore: [file], loadWeights: [file], test: [0] };
  const numbers = [
    ..."param currentStep plateau stoppedEarly request scaleRate rateFactor newestSnapshot learningRate close".split(
      " ",
    ),
    ..."ending watchedScore memory remember say presentParam holdingParam".split(" "),
    // Protected: they run within a turn, which is what asks whether the net is open.
    ..."trainNow applyUpdateNow testAllNow testNow writeOwedNow meetWorkers arraysOfRun workers".split(
      " ",
    ),
    ..."displayLate takeLate readLoss lookAtLoss".split(" "),
    "set param",
    "set currentStep",
    "set plateau",
  ];
  expect(await notRefused(solver, calls, numbers)).toEqual([]);
  await expect(solver[Symbol.asyncIterator]().next()).rejects.toThrow(CLOSED);
  expect(readdirSync(folder)).toEqual([]);
});

test("a classifier or detector that is closed says so before it looks at what it is given", async () => {
  const param = parsePrototxt("NetParameter", TEXT);
  const [classifier, detector] = [new Classifier(param), new Detector(param)];
  classifier.close();
  detector.close();
  const none = [{ shape: [0, 0, 9], data: new Float32Array(0) }];
  expect(await notRefused(classifier, { predict: [none], classify: none }, ["close"])).toEqual([]);
  expect(await notRefused(detector, { detectWindows: [[]] }, ["close", "cut"])).toEqual([]);
  await expect(detector.detectWindows([{ image: file, windows: [] }])).rejects.toThrow(CLOSED);
});
