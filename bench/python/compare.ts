// What using the engine from Python costs: npm run bench:python -- [ROUNDS]. A program in Python and one in JavaScript
// stay open and take turns; of each round the difference or the ratio is taken, and of those the median, which what else
// runs on the machine disturbs less than times alone. In brackets: the same of the least times.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { median } from "../median.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const rounds = Number(process.argv[2] ?? 101);
const python = process.env["CAFFE_TEST_PYTHON"] || "python3";

const input = `layer { name: "data" type: "DummyData" top: "data"
  dummy_data_param { shape { dim: 64 dim: 50 dim: 8 dim: 8 } data_filler { type: "constant" value: 1 } } }`;
const relu = (bottom: string): string =>
  `layer { name: "y" type: "ReLU" bottom: "${bottom}" top: "y" }`;
const identity = `layer { name: "same" type: "Python" bottom: "data" top: "same"
  python_param { module: "identity" layer: "Identity" } }`;

const folder = mkdtempSync(join(tmpdir(), "caffe-bench-"));
const lenet = join(folder, "lenet.prototxt");
writeFileSync(lenet, readFileSync(here("../nets/lenet.prototxt")));
writeFileSync(
  join(folder, "solver.prototxt"),
  `net: ${JSON.stringify(lenet)} base_lr: 1e-5 lr_policy: "fixed" momentum: 0.9 weight_decay: 5e-4
   max_iter: 1000000 snapshot_after_train: false`,
);
writeFileSync(join(folder, "plain.prototxt"), `${input}\n${relu("data")}`);
writeFileSync(join(folder, "identity.prototxt"), `${input}\n${identity}\n${relu("same")}`);

/** A program that says how many milliseconds it took to do some work so often. */
class Worker {
  readonly #child: ReturnType<typeof spawn>;
  readonly #lines: AsyncIterator<string>;

  constructor(program: string, file: string) {
    const path = [here("../../python"), process.env["PYTHONPATH"]].filter((one) => one);
    this.#child = spawn(program, [here(file), folder], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, PYTHONPATH: path.join(":") },
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Milliseconds of doing the work once, as the mean of `count`. */
  async time(work: string, count: number): Promise<number> {
    this.#child.stdin!.write(`${work} ${count}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${work}: the program has ended.`);
    return Number(value) / count;
  }

  end(): void {
    this.#child.stdin!.end();
  }
}

const inPython = new Worker(python, "worker.py");
const inJavaScript = new Worker(process.execPath, "worker.mjs");

/** What rounds of two works have in the middle, and what the shortest of each have. */
interface Compared {
  readonly middle: Times;
  readonly least: Times;
}
interface Times {
  readonly first: number;
  readonly second: number;
  readonly difference: number;
  readonly ratio: number;
}

/** Two works that take turns: `count` times one, and then the other. */
async function compare(
  first: readonly [Worker, string],
  second: readonly [Worker, string],
  count: number,
  rounds: number,
): Promise<Compared> {
  const times: [number, number][] = [];
  for (const [worker, work] of [first, second]) await worker.time(work, count);
  for (let round = 0; round < rounds; round++) {
    // Whoever comes second finds the caches as the other has left them.
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    const pair: [number, number] = [0, 0];
    for (const i of order) {
      const [worker, work] = i === 0 ? first : second;
      // The threads of whoever has just worked wait for more by spinning.
      await setTimeout(20);
      pair[i] = await worker.time(work, count);
    }
    times.push(pair);
  }
  const [a, b] = [0, 1].map((i) => Math.min(...times.map((pair) => pair[i]!))) as [number, number];
  return {
    middle: {
      first: median(times.map(([one]) => one)),
      second: median(times.map(([, other]) => other)),
      difference: median(times.map(([one, other]) => one - other)),
      ratio: median(times.map(([one, other]) => one / other)),
    },
    least: { first: a, second: b, difference: a - b, ratio: a / b },
  };
}

/** Prints both sides' times in a unit, and what the first takes more. */
function tell(
  what: string,
  names: readonly [string, string],
  of: Compared,
  unit: "ms" | "µs",
): void {
  const text = (field: keyof Times): string => {
    const [middle, least] = [of.middle[field], of.least[field]].map((value) =>
      (unit === "ms" ? value : value * 1e3).toFixed(unit === "ms" ? 3 : 1),
    );
    return `${middle} (${least})`;
  };
  const percent = [of.middle, of.least].map(({ ratio }) => `${(100 * (ratio - 1)).toFixed(1)} %`);
  console.log(
    `${what}: ${names[0]} ${text("first")} ${unit}, ${names[1]} ${text("second")}; ${text("difference")} ${unit} more, ${percent[0]} (${percent[1]})`,
  );
}

const languages = ["Python", "JavaScript"] as const;
for (const what of ["read", "write"]) {
  const works = [`${what}_blob`, `${what}_array`].map((work) => [inPython, work] as const);
  const result = await compare(works[0]!, works[1]!, 200, rounds);
  tell(`${what} 64×1×28×28`, ["a blob", "an array alone"], result, "µs");
}
const plain = await compare([inPython, "plain"], [inJavaScript, "plain"], 10, 4 * rounds);
tell("ReLU 64×50×8×8, TEST forward", languages, plain, "ms");
// The first passes after a pause take several times as long, in either language.
const forward = await compare([inPython, "forward"], [inJavaScript, "forward"], 60, rounds);
tell("LeNet 64, TEST forward", languages, forward, "ms");
const layers = await compare([inPython, "identity"], [inPython, "plain"], 10, 4 * rounds);
tell("a layer in Python, 64×50×8×8", ["with it", "without"], layers, "ms");
const fifth = Math.ceil(rounds / 5);
tell(
  "LeNet 64, solver.step(100)",
  languages,
  await compare([inPython, "step"], [inJavaScript, "step"], 1, fifth),
  "ms",
);
console.log(`${rounds} rounds, load average ${loadavg()[0]?.toFixed(1)}`);
inPython.end();
inJavaScript.end();
rmSync(folder, { recursive: true });
