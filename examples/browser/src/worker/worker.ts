// The thread that computes: it answers the page's questions, and tells news of a training.
import { decodeCaffemodel, type Log, Net, parsePrototxt } from "caffe-ts";
import type { Asked, OpenedNet, Question, Said, Texts } from "../messages.ts";
import { type OpenedEngines, openedEngines } from "./engines.ts";
import { Guesser } from "./guesser.ts";
import { forGuessing } from "./nets.ts";
import { droppedPictures, factsOf, fetchedPictures, type Pictures } from "./pictures.ts";
import { Training } from "./training.ts";

let opened: OpenedEngines | undefined;
let pictures: Pictures | undefined;
let training: Training | undefined;
let texts: Texts | undefined;
let brought: Guesser | undefined;

const say = (said: Said, transfer: Transferable[] = []): void => {
  self.postMessage(said, { transfer });
};

/** What is there once the page has asked for it. */
function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} not there yet.`);
  return value;
}

const answers: Asked = {
  async openEngine(wanted) {
    const next = await openedEngines(wanted);
    await endAll();
    opened?.close();
    opened = next;
    return opened.facts;
  },
  async fetchPictures(folder) {
    pictures = await fetchedPictures(folder);
    return factsOf(pictures);
  },
  async readPictures(files) {
    pictures = await droppedPictures(files, pictures);
    return factsOf(pictures);
  },
  async build(given) {
    const { engines } = needed(opened, "The engine is");
    const next = new Training(given, engines, needed(pictures, "The pictures are"), (news) =>
      say({ news }),
    );
    await training?.close();
    [training, texts] = [next, given];
    return training.built;
  },
  train: () => needed(training, "The nets are").run(),
  async pause() {
    await training?.pause();
  },
  guess: (given) => (brought ?? needed(training, "The nets are").guesser).guess(given),
  save: () => needed(training, "The nets are").save(),
  async openNet(weights, net) {
    const next = await openedNet(weights, net);
    brought?.close();
    brought = next.guesser;
    return next.facts;
  },
  async closeNet() {
    brought?.close();
    brought = undefined;
  },
};

/** Nets of another engine are of no use. */
async function endAll(): Promise<void> {
  await training?.close();
  brought?.close();
  [training, brought] = [undefined, undefined];
}

/** A net of weights that were dropped, and of a prototxt, or the one that trains. */
async function openedNet(
  weights: File,
  file: File | undefined,
): Promise<{ readonly guesser: Guesser; readonly facts: OpenedNet }> {
  const { engines } = needed(opened, "The engine is");
  const notes: string[] = [];
  const log: Log = (severity, _, message) => {
    if (severity === "warning") notes.push(message);
  };
  const trained = decodeCaffemodel(new Uint8Array(await weights.arrayBuffer()), weights.name);
  const text = file ? await file.text() : needed(texts, "The net's text is").net;
  const { param, ...scaling } = forGuessing(
    parsePrototxt("NetParameter", text, file?.name ?? "the net"),
  );
  const net = new Net(param, { engines, forwardOnly: true, log });
  try {
    net.copyFrom(trained);
    const { unfilledLayers } = net;
    if (unfilledLayers.length > 0) {
      throw new Error(
        `${weights.name} has no weights for ${unfilledLayers.join(", ")}. Expected those of ${file?.name ?? "the net that trains"}; with another net drop its deploy prototxt as well.`,
      );
    }
    const name = file ? `${weights.name} with ${file.name}` : weights.name;
    const parameters = net.learnableParams.reduce((sum, { blob }) => sum + blob.count(), 0);
    return { guesser: new Guesser(net, scaling, name), facts: { name, parameters, notes } };
  } catch (error) {
    net.close();
    throw error;
  }
}

/** The buffers of an answer that need not be copied. */
function buffersOf(answer: unknown): Transferable[] {
  if (answer instanceof Uint8Array) return [answer.buffer as ArrayBuffer];
  return [];
}

self.addEventListener("message", ({ data }: MessageEvent<Question>) => {
  const { id, name, args } = data;
  const run = answers[name] as (...given: unknown[]) => Promise<unknown>;
  run(...args).then(
    (answer) => say({ id, answer }, buffersOf(answer)),
    (error: unknown) => say({ id, error: String((error as Error).message) }),
  );
});
