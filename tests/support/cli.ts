import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { onTestFinished, vi } from "vitest";

/** How a command line ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs bin/caffe to its end. */
export function caffe(args: readonly string[], cwd?: string): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], {
    encoding: "utf8",
    ...(cwd !== undefined && { cwd }),
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

/** Runs command lines one after the other in one process of the built program, and waits for its end: none may keep it from that. */
export function caffeEach(commands: readonly (readonly string[])[], cwd: string): readonly Ended[] {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [eachCommand, JSON.stringify(commands)],
    { encoding: "utf8", cwd, timeout: 60_000 },
  );
  if (status !== 0) throw new Error(`it ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Ended[];
}

/** Runs a TypeScript file below scripts/ to its end. */
export function script(file: string, ...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", `scripts/${file}`, ...args],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

/** A program that runs; `said` waits until its standard error matches. */
interface Started {
  readonly child: ChildProcess;
  readonly said: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<Ended>;
}

/** Starts bin/caffe. */
export function startCaffe(args: readonly string[], cwd: string): Started {
  return startProgram(process.execPath, [binary, ...args], cwd);
}

/** Starts a program. */
export function startProgram(command: string, args: readonly string[], cwd: string): Started {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of [...waiting]) look();
  };
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log += text;
    wake();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (status) => {
      resolve({ status, stdout: "", stderr: log });
      wake();
    });
  });
  const said = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(log);
        if (!found && child.exitCode === null && child.signalCode === null) return;
        waiting.delete(look);
        if (found) resolve(found[0]);
        else reject(new Error(`it ended and never said ${pattern}:\n${log}`));
      };
      waiting.add(look);
      look();
    });
  return { child, said, ended };
}

const binary: string = new URL("../../bin/caffe", import.meta.url).pathname;
const eachCommand: string = new URL("each-command.mjs", import.meta.url).pathname;

/**
 * Runs a command line within this process, which costs no start: what bin/caffe does, from the source. What it may change of the process
 * (folder, environment) is as before when it has ended, or the test that it was too slow for.
 */
export async function caffeHere(args: readonly string[], cwd = "."): Promise<Ended> {
  const { main } = await import("../../src/cli/main.ts");
  const [folder, environment, { log }] = [process.cwd(), { ...process.env }, console];
  const texts = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      texts[name] += String(text);
      return true;
    }),
  );
  // By which yargs writes pages of help.
  console.log = (text: string) => {
    texts.stdout += `${text}\n`;
  };
  let isRestored = false;
  const restore = (): void => {
    if (isRestored) return;
    isRestored = true;
    process.chdir(folder);
    for (const name of Object.keys(process.env)) {
      if (!(name in environment)) delete process.env[name];
    }
    Object.assign(process.env, environment);
    console.log = log;
    for (const spy of spies) spy.mockRestore();
  };
  onTestFinished(restore);
  process.chdir(cwd);
  try {
    return { status: await main(args), ...texts };
  } finally {
    restore();
  }
}
