import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The folder that holds the module `caffe`. */
export const pythonFolder: string = fileURLToPath(new URL("../../python", import.meta.url));

/** What a Python needs for the module, and how it comes on a Debian: for a skipped test's name. */
export const pythonNeeds = "python3-numpy, python3-protobuf";

/**
 * A Python with numpy and protobuf: that of CAFFE_TEST_PYTHON, else `python3`, else Debian's. Undefined where there is none; tests
 * that need it are skipped then.
 * @throws Error where CAFFE_TEST_PYTHON names one that has them not
 */
export const python: string | undefined = findPython();

function findPython(): string | undefined {
  const wanted = process.env["CAFFE_TEST_PYTHON"];
  if (!wanted) return withModules("python3") ?? withModules("/usr/bin/python3");
  const found = withModules(wanted);
  if (found !== undefined) return found;
  throw new Error(`CAFFE_TEST_PYTHON is ${wanted}. Expected a Python with numpy and protobuf.`);
}

/** The program itself, as a command may be a script that looks for it each time; undefined where it has not the modules. */
function withModules(command: string): string | undefined {
  const program = "import numpy, google.protobuf.message, sys; print(sys.executable)";
  const { status, stdout } = spawnSync(command, ["-c", program], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** What a program left behind. */
export interface Ended {
  /** Its exit code; null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Python with `import caffe` ready, and waits for its end. It is stopped after `timeoutMs`, 100 s unless given. */
export function runPython(
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly timeoutMs?: number;
  } = {},
): Promise<Ended> {
  const { cwd, timeoutMs = 100_000 } = options;
  const env = {
    ...process.env,
    PYTHONPATH: pythonFolder,
    PYTHONDONTWRITEBYTECODE: "1",
    ...options.env,
  };
  return new Promise((resolve, reject) => {
    if (!python) throw new Error(`no Python with ${pythonNeeds}: skip the test.`);
    const child = execFile(
      python,
      args,
      { cwd, env, timeout: timeoutMs },
      (_error, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }),
    );
    child.on("error", reject);
  });
}
