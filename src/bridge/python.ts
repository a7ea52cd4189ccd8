import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CaffeError } from "../util/errors.ts";
import { bridgeAddon } from "./addon.ts";
import { blobRequests } from "./blob-requests.ts";
import { Channel } from "./channel.ts";
import { layerRequests } from "./remote-layer.ts";
import { Session } from "./session.ts";
import { shareStandardStreams } from "./standard-streams.ts";

/** The folder that belongs on PYTHONPATH, so that Python finds the package `caffe`. */
export const PYTHON_FOLDER: string = fileURLToPath(new URL("../../python", import.meta.url));

/** Names the Python that layers run in, where `--python` does not. */
const VARIABLE = "CAFFE_PYTHON";

/** What that Python runs: our package is found before any other of its name. */
const START = `import sys
try:
    import numpy
except ImportError as error:
    sys.exit("%s: numpy cannot be imported: %s" % (sys.executable, error))
folder, parent = sys.argv.pop(1), sys.argv.pop(1)
sys.path.insert(0, folder)
from caffe._layers import main
main(int(parent))
`;

let program: string | undefined;
let session: Session | undefined;
let isDriven = false;

/** Chooses the Python that layers will run in; `python3`, or what CAFFE_PYTHON names, by default. */
export function choosePython(path: string): void {
  program = path;
}

/** Lets layers in Python run in the process that drives this engine. */
export function drivenByPython(driver: Session): void {
  isDriven = true;
  session = driver;
}

/** Whether a Python drives this engine. */
export function isDrivenByPython(): boolean {
  return isDriven;
}

/**
 * Where layers in Python run: in the program that drives this engine, else in a Python of their own, which is started
 * at first use and ends with this process.
 *
 * @throws CaffeError where it cannot be started
 */
export function pythonSession(): Session {
  session ??= start(chosenPython());
  return session;
}

function chosenPython(): string {
  return program ?? (process.env[VARIABLE] || "python3");
}

/** The file of a Python module in these folders, on PYTHONPATH or in the current one; undefined where there is none. */
export function pythonModule(name: string, folders: readonly string[]): string | undefined {
  const path = (process.env["PYTHONPATH"] ?? "").split(delimiter).filter((one) => one !== "");
  const file = name.replaceAll(".", "/");
  return [...path, ".", ...folders]
    .flatMap((folder) => [resolve(folder, `${file}.py`), resolve(folder, file, "__init__.py")])
    .find((one) => existsSync(one));
}

/** Whether the Python that layers run in has a module of that name among its own, as pip leaves them; false where there is none. */
export function isInstalledForPython(name: string): boolean {
  const find = "import sys, importlib.util as i; sys.exit(i.find_spec(sys.argv[1]) is None)";
  return spawnSync(chosenPython(), ["-c", find, name], { stdio: "ignore" }).status === 0;
}

function start(python: string): Session {
  const [ours, theirs] = bridgeAddon().socketPair();
  shareStandardStreams();
  const child = spawn(python, ["-u", "-c", START, PYTHON_FOLDER, String(process.pid)], {
    stdio: ["ignore", "inherit", "inherit", theirs],
    // A terminal's Ctrl-C is for this process, which comes to a good end.
    detached: true,
  });
  child.on("error", () => {});
  child.unref();
  closeSync(theirs);
  if (child.pid === undefined) {
    closeSync(ours);
    throw new CaffeError(
      `"${python}" cannot be started, in which layers in Python run. Expected Python 3.9 or newer with numpy: --python=PATH, or the environment variable ${VARIABLE}, names it.`,
    );
  }
  return new Session(
    new Channel(ours, ours),
    { ...blobRequests, ...layerRequests },
    () =>
      `"${python}", in which layers in Python run, has ended; what it said stands above. It needs Python 3.9 or newer with numpy: --python=PATH, or the environment variable ${VARIABLE}, names another.`,
  );
}
