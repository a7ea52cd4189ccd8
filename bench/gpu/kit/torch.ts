import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { NetParameter } from "../../../src/io/proto/caffe.ts";

/** Milliseconds of one pass of PyTorch in one of its modes, or why it has none. */
export type TorchTimes = { readonly mode: string } & (
  | { readonly step: number; readonly forward: number }
  | { readonly failed: string }
);

/** A Python with PyTorch and CUDA that measures nets when it is asked: torch_cuda.py. */
export class Torch {
  /** Versions and card. */
  readonly about: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(about: string, child: ChildProcess, lines: AsyncIterator<string>) {
    [this.about, this.#child, this.#lines] = [about, child, lines];
  }

  /** It, or why there is none. */
  static async open(python: string, folder: string): Promise<Torch | string> {
    const env = { ...process.env };
    // What the kit's own programs need is nothing for a Python of the system.
    delete env["LD_LIBRARY_PATH"];
    const child = spawn(python, [join(folder, "torch_cuda.py")], {
      stdio: ["pipe", "pipe", "inherit"],
      env,
    });
    const failed = new Promise<string>((resolve) => {
      child.on("error", ({ message }) => resolve(message));
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await Promise.race([lines.next(), failed]);
    if (typeof first === "string") return `${python} does not start: ${first}`;
    if (first.done) return `${python} ended at its start`;
    const { about, missing } = JSON.parse(first.value) as { about?: string; missing?: string };
    return about === undefined
      ? (missing ?? "it does not say why")
      : new Torch(about, child, lines);
  }

  /** Measures a net in every mode, for so many milliseconds each. */
  async turn(net: NetParameter, batch: number, milliseconds: number): Promise<TorchTimes[]> {
    this.#child.stdin?.write(`${JSON.stringify({ net, batch, milliseconds })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("PyTorch ended before it answered");
    return JSON.parse(value) as TorchTimes[];
  }

  close(): void {
    this.#child.stdin?.end();
  }
}
