import { blobRequests } from "../bridge/blob-requests.ts";
import { Channel } from "../bridge/channel.ts";
import { drivenByPython } from "../bridge/python.ts";
import { layerRequests } from "../bridge/remote-layer.ts";
import { type Request, Session } from "../bridge/session.ts";
import { layerTypes } from "../layers/registry.ts";
import type { Log } from "../util/log.ts";
import { setRandomSeed } from "../util/seed.ts";
import { version } from "../util/version.ts";
import { fileRequests } from "./file-requests.ts";
import { netRequests } from "./net-requests.ts";
import { showGradient } from "./open-net.ts";
import { Settings } from "./settings.ts";
import { solverRequests, stopRunning } from "./solver-requests.ts";

/** How often it is seen whether the program that uses the engine is there, while a request runs. */
const WATCH_MS = 500;

/** What a program in another language asks of the engine. */
interface ServeOptions {
  /** Descriptors of its questions and of the answers. */
  readonly input: number;
  readonly output: number;
  /** Whether it runs layers in Python itself. */
  readonly hasPython: boolean;
  readonly log: Log;
}

/**
 * Lets a program in another language use the engine, until that program ends: it makes nets and solvers, runs them, and
 * reads and writes their blobs. A SIGINT stops a solver that runs, after a snapshot.
 */
export async function serve({ input, output, hasPython, log }: ServeOptions): Promise<void> {
  const settings = new Settings(log);
  const session = new Session(
    new Channel(input, output),
    {
      ...blobRequests,
      ...layerRequests,
      ...settingRequests(settings),
      ...netRequests(settings),
      ...solverRequests(settings),
      ...fileRequests,
    },
    () => "the program that uses the engine has ended.",
  );
  session.beforeDiff = showGradient;
  if (hasPython) drivenByPython(session);
  process.on("SIGINT", stopRunning);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, WATCH_MS);
  watch.unref();
  await session.serve();
}

/** What is set for all nets, and told of the engine. */
function settingRequests(settings: Settings): Readonly<Record<string, Request>> {
  return {
    version: () => version,
    layerTypes: () => layerTypes(),
    setMode: (_, args) => {
      settings.mode = args.text("mode") === "gpu" ? "gpu" : "cpu";
    },
    setDevice: (_, args) => {
      settings.device = args.number("device");
    },
    /** Files that nets and solvers name are looked for from there. */
    setFolder: (_, args) => process.chdir(args.text("folder")),
    setRandomSeed: (_, args) => setRandomSeed(args.number("seed")),
    setLogLevel: (_, args) => {
      settings.leastSeverity = args.number("level");
    },
    log: (_, args) => settings.log("info", args.text("source"), args.text("message")),
    /** Gives the token back: what comes before it answers something else. */
    sync: (_, args) => args.text("token"),
  };
}
