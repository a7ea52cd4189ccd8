import { say } from "../../../../dashboard/src/parts/toast.tsx";
import type { EngineName, Texts } from "../messages.ts";
import { pageSolver } from "../solver-text.ts";
import { exchangingNets, guessAgain } from "./guesses.ts";
import { clearHistory, takeNews } from "./history.ts";
import { built, engine, openedNet, pictures, problem, stage, stock, texts } from "./signals.ts";
import { ask, onNews } from "./worker.ts";

onNews((news) => {
  takeNews(news);
  guessAgain();
});

/** Files of the net that was brought along; a prototxt may wait for its weights. */
interface NetFiles {
  readonly net: File | undefined;
  readonly weights: File | undefined;
}

const NONE: NetFiles = { net: undefined, weights: undefined };
let files = NONE;

/** Does what may fail, and says in a line how; a success takes an older problem away. */
async function trying<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    const result = await work();
    problem.value = undefined;
    return result;
  } catch (error) {
    problem.value = (error as Error).message;
    return undefined;
  }
}

/** Everything that is needed to begin. */
export async function begin(): Promise<void> {
  await trying(async () => {
    const [net = "", solver = ""] = await Promise.all(
      ["lenet_train_test", "lenet_fashion_solver"].map(fetchedText),
    );
    stock.value = { net, solver: pageSolver(solver) };
    texts.value = stock.value;
    engine.value = await ask("openEngine", undefined);
    const folder = new URL("fashion-mnist/", document.baseURI).href;
    pictures.value = await ask("fetchPictures", folder);
    await build(texts.value);
  });
  if (stage.value === "loading") stage.value = "failed";
}

async function fetchedText(name: string): Promise<string> {
  const response = await fetch(`${name}.prototxt`);
  if (!response.ok) throw new Error(`${name}.prototxt is not beside this page. Build it again.`);
  return response.text();
}

/** Makes the nets of texts; where they cannot be made, those of before go on. */
function build(given: Texts): Promise<void> {
  return exchangingNets(async () => {
    built.value = await ask("build", given);
    texts.value = given;
    clearHistory();
    stage.value = "ready";
  });
}

/** Begins anew with texts, or with those of now; tells whether it could. */
export async function restart(given: Texts = texts.value): Promise<boolean> {
  return (await trying(() => build(given).then(() => true))) ?? false;
}

/** Trains on from here. */
export async function train(): Promise<void> {
  stage.value = "training";
  const training = built.value;
  const ending = await trying(() => ask("train"));
  // Another may have taken its place meanwhile.
  if (built.value === training) stage.value = ending ?? "failed";
}

/** Ends with the iteration that is under way. */
export async function pause(): Promise<void> {
  await trying(() => ask("pause"));
}

/** Computes with another engine; training begins anew. */
export async function chooseEngine(name: EngineName): Promise<void> {
  await trying(() =>
    exchangingNets(async () => {
      engine.value = await ask("openEngine", name);
      [built.value, openedNet.value, files] = [undefined, undefined, NONE];
      if (pictures.value) await build(texts.value);
    }),
  );
}

/** Gives the weights to the reader, as a file. */
export async function saveWeights(): Promise<void> {
  const bytes = await trying(() => ask("save"));
  if (!bytes) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  link.download = "lenet.caffemodel";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Kinds of files that are taken. */
const KINDS = { net: /\.prototxt$/i, weights: /\.(caffemodel|h5)$/i, pictures: /ubyte|\.gz$/i };

/** Takes files that were dropped or chosen: weights, a prototxt, or pictures. */
export async function takeFiles(given: readonly File[]): Promise<void> {
  await trying(async () => {
    const of = (kind: RegExp): File[] => given.filter(({ name }) => kind.test(name));
    const other = given.find(({ name }) => !Object.values(KINDS).some((kind) => kind.test(name)));
    if (other) {
      throw new Error(
        `${other.name} is nothing that this page takes. Expected a .caffemodel, its deploy .prototxt, or IDX files of pictures and labels.`,
      );
    }
    const idx = of(KINDS.pictures);
    if (idx.length > 0) await takePictures(idx);
    const [[net], [weights]] = [of(KINDS.net), of(KINDS.weights)];
    if (!net && !weights) return;
    // Weights alone are of the net that trains, or of a prototxt that waits for them.
    const waiting = files.weights ? undefined : files.net;
    await openNet({ net: net ?? waiting, weights: weights ?? files.weights });
  });
}

async function takePictures(idx: readonly File[]): Promise<void> {
  pictures.value = await ask("readPictures", idx);
  await build(texts.value);
  say(`${pictures.value.train} pictures to learn from, ${pictures.value.test} to test with.`);
}

async function openNet(next: NetFiles): Promise<void> {
  const { net, weights } = next;
  if (weights) openedNet.value = await exchangingNets(() => ask("openNet", weights, net));
  else say(`${net?.name} waits for its .caffemodel: drop that, too.`);
  files = next;
  guessAgain();
}

/** Lets the net that trains guess again. */
export async function closeNet(): Promise<void> {
  await trying(() => exchangingNets(() => ask("closeNet")));
  openedNet.value = undefined;
  files = NONE;
}
