// Times forward passes of the models of models/ beside ONNX Runtime, with the same weights, in processes that take turns.
// `npm run bench:inference -- --help` tells how, after npm run build.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Net } from "../../src/net/net.ts";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { median } from "../median.ts";
import { NETS } from "./nets.ts";
import { fillLikeLearned } from "./weights.ts";

const help = `Times forward passes of nets that are used, beside ONNX Runtime: Net.forward with an image, session.run with the same.

  npm run bench:inference -- [NET …] [options]

NET is one of ${Object.keys(NETS).join(", ")}; all of them by default.

  --batch N,…     (1,8)
  --rounds N      how often the two take turns (5)
  --turn MS       how long a turn is (400)
  --threads N     (2)

Prints medians of all passes but the first turn's, ONNX Runtime's time over ours, and each process's peak of memory.`;

interface Turn {
  readonly times: readonly number[];
  readonly memoryMiB: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: "string", default: "1,8" },
    rounds: { type: "string", default: "5" },
    turn: { type: "string", default: "400" },
    threads: { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});
/** A process that runs one net when it is told to. */
class Side {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(name: "ours" | "onnx", file: string, folder: string, shape: readonly number[]) {
    const program = fileURLToPath(new URL("side.mjs", import.meta.url));
    const { threads } = values;
    const args = [program, name, file, join(folder, "net.caffemodel"), shape.join(), threads];
    this.#process = spawn(process.execPath, args, {
      stdio: ["pipe", "pipe", "inherit"],
      // Algorithms are tried here and now: what was chosen on a busy machine would be measured else.
      env: { ...process.env, OMP_NUM_THREADS: threads, CAFFE_TUNE: join(folder, "tuning.json") },
    });
    const lines: Interface = createInterface({ input: this.#process.stdout });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async turn(ms: string): Promise<Turn> {
    this.#process.stdin.write(`${ms}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("a side ended. Its error is above.");
    return JSON.parse(value) as Turn;
  }

  end(): void {
    this.#process.stdin.end();
  }
}

if (values.help) {
  console.log(help);
  process.exit(0);
}
console.log(`${cpus()[0]?.model}, ${values.threads} threads, load ${loadavg()[0]?.toFixed(2)}`);
for (const name of positionals.length > 0 ? positionals : Object.keys(NETS)) {
  const net = NETS[name];
  if (!net) throw new Error(`no net "${name}". Expected one of ${Object.keys(NETS).join(", ")}.`);
  const [file, ...shape] = net;
  const folder = mkdtempSync(join(tmpdir(), "caffe-bench-"));
  try {
    await writeModels(file, folder);
    for (const batch of values.batch.split(",")) {
      await compare(name, file, folder, [Number(batch), ...shape]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeModels(file: string, folder: string): Promise<void> {
  using net = new Net(file, { phase: "TEST", silent: true });
  fillLikeLearned(net);
  net.save(join(folder, "net.caffemodel"));
  writeFileSync(join(folder, "net.onnx"), (await toOnnx(net)).toBuffer());
}

async function compare(
  name: string,
  file: string,
  folder: string,
  shape: readonly number[],
): Promise<void> {
  const ours = new Side("ours", file, folder, shape);
  const theirs = new Side("onnx", join(folder, "net.onnx"), folder, shape);
  try {
    const turns: [Turn, Turn][] = [];
    for (let round = 0; round <= Number(values.rounds); round++) {
      const turn: Turn[] = [];
      for (const side of [ours, theirs]) {
        turn.push(await side.turn(values.turn));
        // Threads that wait by spinning go to sleep.
        await after(20);
      }
      if (round > 0) turns.push(turn as [Turn, Turn]);
    }
    const [a, b] = [0, 1].map((side) => median(turns.flatMap((turn) => turn[side]!.times)));
    const [x, y] = [0, 1].map((side) => turns.at(-1)![side]!.memoryMiB);
    console.log(
      `${name} ${shape[0]}`.padEnd(18),
      `ours ${a!.toFixed(3)} ms, ONNX Runtime ${b!.toFixed(3)}, ratio ${(b! / a!).toFixed(2)};`,
      `MiB ${x!.toFixed(0)}, ${y!.toFixed(0)}`,
    );
  } finally {
    ours.end();
    theirs.end();
  }
}
