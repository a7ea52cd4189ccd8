// Times forward passes of the models of models/ beside ONNX Runtime, and beside OpenCV's dnn where python3-opencv is installed, with the
// same weights, in processes that take turns.
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
import { hasOpenCv, PYTHON } from "../opencv.ts";
import { NETS } from "./nets.ts";
import { fillLikeLearned } from "./weights.ts";

const help = `Times forward passes of nets that are used, beside ONNX Runtime and, where python3-opencv is installed, OpenCV's dnn: Net.forward
with an image, session.run with the same, setInput and forward of a cv2.dnn.Net.

  npm run bench:inference -- [NET …] [options]

NET is one of ${Object.keys(NETS).join(", ")}; all of them by default.

  --batch N,…     (1,8)
  --rounds N      how often the two take turns (5)
  --turn MS       how long a turn is (400)
  --threads N     (2)

Prints medians of all passes but the first turn's, the others' times over ours, and each process's peak of memory.`;

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
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A process that runs one net when it is told to. */
class Side {
  readonly name: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  /** @param command the program, and its arguments before the shape and the number of threads */
  constructor(
    name: string,
    [program, ...args]: readonly [string, ...string[]],
    folder: string,
    shape: readonly number[],
  ) {
    this.name = name;
    const { threads } = values;
    this.#process = spawn(program, [...args, shape.join(), threads], {
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
const isBesideOpenCv = hasOpenCv();
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
  const [weights, onnx] = [join(folder, "net.caffemodel"), join(folder, "net.onnx")];
  const node = [process.execPath, here("side.mjs")] as const;
  const sides = [
    new Side("ours", [...node, "ours", file, weights], folder, shape),
    new Side("ONNX Runtime", [...node, "onnx", onnx, weights], folder, shape),
    ...(isBesideOpenCv
      ? [new Side("OpenCV", [PYTHON, here("opencv_side.py"), file, weights], folder, shape)]
      : []),
  ];
  try {
    const turns: Turn[][] = [];
    for (let round = 0; round <= Number(values.rounds); round++) {
      const turn: Turn[] = [];
      for (const side of sides) {
        turn.push(await side.turn(values.turn));
        // Threads that wait by spinning go to sleep.
        await after(20);
      }
      if (round > 0) turns.push(turn);
    }
    const times = sides.map((_, i) => median(turns.flatMap((turn) => (turn[i] as Turn).times)));
    const told = sides.map(({ name: side }, i) => {
      const ratio = i === 0 ? "" : ` (${((times[i] as number) / (times[0] as number)).toFixed(2)})`;
      return `${side} ${(times[i] as number).toFixed(3)} ms${ratio}`;
    });
    const memory = (turns.at(-1) as Turn[]).map(({ memoryMiB }) => memoryMiB.toFixed(0));
    console.log(`${name} ${shape[0]}`.padEnd(18), `${told.join(", ")}; MiB ${memory.join(", ")}`);
  } finally {
    for (const side of sides) side.end();
  }
}
