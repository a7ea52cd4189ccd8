import { spawn } from "node:child_process";

/** A server that runs as a process of its own. */
export interface StartedServer {
  readonly url: string;
  readonly pid: number;
  /** Lets it end what it is at. @returns its exit code */
  stop(): Promise<number | null>;
}

/** Starts Node with these arguments and waits until the program says where it serves. */
export async function startServer(...args: readonly string[]): Promise<StartedServer> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
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
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", resolve);
        child.kill("SIGTERM");
      }),
  };
}
