// Times forward passes of the models of models/ in int8 beside the same of floats, in turns in one process.
// `npm run bench:int8 -- --help` tells how.
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createEngines } from "../../src/engines/create.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { Net } from "../../src/net/net.ts";
import { LayerTimer } from "../../src/net/tools/layer-times.ts";
import { quantize } from "../../src/quantize/quantize.ts";
import { silent } from "../../src/util/log.ts";
import { median } from "../median.ts";
import { NETS } from "./nets.ts";
import { fillLikeLearned } from "./weights.ts";

const help = `Times forward passes of nets that are used, of floats and in int8.

  npm run bench:int8 -- [NET …] [options]

NET is one of ${Object.keys(NETS).join(", ")}; all of them by default.

  --batch N,…     (1,8)
  --rounds N      how often the two take turns (7)
  --passes N      passes in a turn (5)
  --threads N     (2)
  --layers        milliseconds of each layer too, one by one`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: "string", default: "1,8" },
    rounds: { type: "string", default: "7" },
    passes: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    layers: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const engines = createEngines({ prefer: "native", threads: Number(values.threads) });
console.log(`${cpus()[0]?.model}, ${values.threads} threads, load ${loadavg()[0]?.toFixed(2)}`);
for (const name of positionals.length > 0 ? positionals : Object.keys(NETS)) {
  const net = NETS[name];
  if (!net) throw new Error(`no net "${name}". Expected one of ${Object.keys(NETS).join(", ")}.`);
  const [file, ...shape] = net;
  const folder = mkdtempSync(join(tmpdir(), "caffe-bench-"));
  try {
    await compare(name, file, shape, join(folder, "net.caffemodel"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Values as of pictures whose mean is taken away. */
function rows(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 255) - 127);
}

async function compare(
  name: string,
  file: string,
  shape: readonly number[],
  weights: string,
): Promise<void> {
  {
    using net = new Net(file, { phase: "TEST", silent: true });
    fillLikeLearned(net);
    net.save(weights);
  }
  const param = readNetParameter(file);
  const length = shape.reduce((a, b) => a * b, 1);
  const input = (batch: number) => ({
    data: { shape: [batch, ...shape], data: rows(batch * length) },
  });
  const { param: quantized, comparison } = await quantize({
    param,
    net: { engines, weights, log: silent },
    batches: { count: 1, inputs: async () => input(2) },
    method: "minmax",
    percentile: 100,
    keepFloat: [],
    leastAgreement: 0,
    mostKept: 0,
    tell: () => {},
  });
  const last = [...comparison.layers.values()].at(-1);
  console.log(`${name}: scores at ${last?.decibels.toFixed(1)} dB`);
  for (const batch of values.batch.split(",").map(Number)) {
    const options = { engines, weights, log: silent, phase: "TEST", forInference: true } as const;
    using float = new Net(param, options);
    using int8 = new Net(quantized, options);
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const [side, net] of [float, int8].entries()) {
        const given = input(batch);
        for (let pass = 0; pass < Number(values.passes); pass++) {
          const begin = performance.now();
          await net.forward(given);
          if (round > 0) times[side]?.push(performance.now() - begin);
        }
      }
    }
    const [a, b] = times.map(median) as [number, number];
    console.log(
      `${name} ${batch}`.padEnd(18),
      `floats ${a.toFixed(3)} ms, int8 ${b.toFixed(3)}, ratio ${(a / b).toFixed(2)}`,
    );
    if (values.layers) await tellLayers(float, int8, input(batch));
  }
}

async function tellLayers(float: Net, int8: Net, given: ReturnType<typeof Object>): Promise<void> {
  const timers = [float, int8].map((net) => new LayerTimer(net));
  for (let i = 0; i < 10; i++) for (const net of [float, int8]) await net.forward(given as never);
  float.layerNames.forEach((name, i) => {
    const [a = 0, b = 0] = timers.map(({ forward }) => (forward[i] ?? 0) / 10);
    if (a > 0.05 || b > 0.05) {
      console.log(`  ${name.padEnd(28)} ${a.toFixed(3)}  ${b.toFixed(3)}  ${(a / b).toFixed(2)}`);
    }
  });
}
