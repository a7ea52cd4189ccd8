import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { median } from "../median.ts";

/** What a side tells of a turn: the milliseconds of each pass, and its peak of resident memory so far. */
interface Turn {
  readonly times: readonly number[];
  readonly memoryMiB: number;
}

/** How a side runs: a folder for what its trials find, the shape of the input, and how many threads. */
export interface SideOptions {
  readonly folder: string;
  readonly shape: readonly number[];
  readonly threads: string;
}

/** A process, and the lines that it answers with. */
interface Started {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: AsyncIterator<string>;
}

/**
 * A process that runs one net when it is told to, so that several can take turns. It is started at its first turn: what another does
 * to read its model would disturb the trials of ours.
 */
export class Side {
  readonly name: string;
  readonly #start: () => Started;
  #started: Started | undefined;

  /** @param command the program, and its arguments before the shape and the number of threads */
  constructor(
    name: string,
    [program, ...args]: readonly [string, ...string[]],
    { folder, shape, threads }: SideOptions,
  ) {
    this.name = name;
    const tuning = join(folder, "tuning.json");
    this.#start = () => {
      const process = spawn(program, [...args, shape.join(), threads], {
        stdio: ["pipe", "pipe", "inherit"],
        // Algorithms are tried here and now: what was chosen on a busy machine would be measured else.
        env: { ...globalThis.process.env, OMP_NUM_THREADS: threads, CAFFE_TUNE: tuning },
      });
      const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
      return { process, lines };
    };
  }

  /** A side of bench/inference/side.mjs: our engine, or ONNX Runtime. */
  static ofNode(name: string, args: readonly string[], options: SideOptions): Side {
    const program = fileURLToPath(new URL("side.mjs", import.meta.url));
    return new Side(name, [process.execPath, program, ...args], options);
  }

  /** Runs passes for so many milliseconds. */
  async turn(ms: string): Promise<Turn> {
    this.#started ??= this.#start();
    const { process, lines } = this.#started;
    process.stdin.write(`${ms}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("a side ended. Its error is above.");
    return JSON.parse(value) as Turn;
  }

  end(): void {
    this.#started?.process.stdin.end();
  }
}

/** The median of a side's passes in milliseconds, and its peak of resident memory. */
export interface Taken {
  readonly name: string;
  readonly ms: number;
  readonly memoryMiB: number;
}

/** Lets sides take turns of `turn` milliseconds, `rounds` times after one that does not count, and ends them. */
export async function takeTurns(
  sides: readonly Side[],
  { rounds, turn }: { readonly rounds: string; readonly turn: string },
): Promise<readonly Taken[]> {
  const turns: Turn[][] = sides.map(() => []);
  try {
    for (let round = 0; round <= Number(rounds); round++) {
      for (const [i, side] of sides.entries()) {
        const taken = await side.turn(turn);
        // Threads that wait by spinning go to sleep.
        await after(20);
        if (round > 0) turns[i]?.push(taken);
      }
    }
  } finally {
    for (const side of sides) side.end();
  }
  return sides.map(({ name }, i) => ({
    name,
    ms: median((turns[i] ?? []).flatMap(({ times }) => times)),
    memoryMiB: turns[i]?.at(-1)?.memoryMiB ?? Number.NaN,
  }));
}
