import { spawn } from "node:child_process";

/** A server that runs as a process of its own. */
export interface StartedServer {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from its start until it was ready. */
  readonly readyAfter: number;
  /** Lets it end what it is at. @returns its exit code */
  stop(): Promise<number | null>;
}

/** Starts Node with these arguments and waits until the program says where it serves. */
export function startServer(...args: readonly string[]): Promise<StartedServer> {
  return startProgram(process.execPath, ...args);
}

/** The same with another program. */
export async function startProgram(
  program: string,
  ...args: readonly string[]
): Promise<StartedServer> {
  const from = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, found] = /Serving on (http:\S+)/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", () => reject(new Error(said)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    readyAfter: performance.now() - from,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", resolve);
        child.kill("SIGTERM");
      }),
  };
}
