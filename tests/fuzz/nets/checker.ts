import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Finding } from "./check-case.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import type { Answer, Request } from "./worker.ts";

/** A net that takes longer hangs, on a busy machine too. */
const LONGEST_MS = 60_000;
const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** Checks cases in a process of its own, which is replaced when one of them crashes or hangs it. */
export class Checker {
  readonly #engines: readonly string[];
  readonly #path: string;
  readonly #longest: number;
  #worker: Promise<ChildProcess> | undefined;

  /**
   * @param path the worker's file
   * @param longest milliseconds that a net may take
   */
  constructor(engines: readonly string[], path: string = WORKER, longest: number = LONGEST_MS) {
    this.#engines = engines;
    this.#path = path;
    this.#longest = longest;
  }

  /**
   * What a case shows; a crash and a hang are findings of the way that was running.
   * @throws Error where the worker cannot be started, as without the engine
   */
  async check(fuzzCase: FuzzCase, only?: string): Promise<Finding | undefined> {
    this.#worker ??= start(this.#path, this.#engines);
    const worker = await this.#worker;
    return new Promise((resolve) => {
      let way = "start";
      const finish = (finding: Finding | undefined): void => {
        clearTimeout(timer);
        worker.off("message", hear);
        worker.off("exit", end);
        resolve(finding);
      };
      const fail = (what: string, text: string): void => {
        this.#worker = undefined;
        worker.kill("SIGKILL");
        finish({ way, what, text });
      };
      const timer = setTimeout(
        () => fail("hang", `no end after ${this.#longest / 1000} seconds`),
        this.#longest,
      );
      const hear = (answer: Answer): void => {
        if ("begins" in answer) way = answer.begins;
        else if ("finding" in answer) finish(answer.finding);
      };
      const end = (code: number | null, signal: NodeJS.Signals | null): void =>
        fail("crash", `the process ended with ${signal ?? code}`);
      worker.on("message", hear);
      worker.on("exit", end);
      worker.send({ fuzzCase, only } satisfies Request);
    });
  }

  async close(): Promise<void> {
    (await this.#worker)?.kill();
    this.#worker = undefined;
  }
}

async function start(path: string, engines: readonly string[]): Promise<ChildProcess> {
  const worker = fork(path, engines, {
    execArgv: ["--import", "tsx"],
    // JSON would lose NaN, infinities and -0.
    serialization: "advanced",
    env: { ...process.env, CAFFE_TUNE: "off" },
  });
  const isReady = await Promise.race([
    once(worker, "message").then(() => true),
    once(worker, "exit").then(() => false),
  ]);
  if (!isReady) throw new Error(`no worker for ${engines.join(", ")}: what it said stands above.`);
  return worker;
}
