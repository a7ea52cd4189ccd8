// Times forward passes of the models of models/ in int8 beside the same of floats and, where a Python can make it, beside ONNX Runtime's
// int8, in processes that take turns.
// `npm run bench:int8 -- --help` tells how.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createEngines } from "../../src/engines/create.ts";
import { printPrototxt } from "../../src/io/text/prototxt.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { Net } from "../../src/net/net.ts";
import { LayerTimer } from "../../src/net/tools/layer-times.ts";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { quantize } from "../../src/quantize/quantize.ts";
import { silent } from "../../src/util/log.ts";
import { NETS } from "./nets.ts";
import { Side, takeTurns } from "./side.ts";
import { fillLikeLearned } from "./weights.ts";

const help = `Times forward passes of nets that are used, of floats and in int8.

  npm run bench:int8 -- [NET …] [options]

NET is one of ${Object.keys(NETS).join(", ")}; all of them by default.

  --batch N,…     (1,8)
  --rounds N      how often they take turns (5)
  --turn MS       how long a turn is (300)
  --threads N     (2)
  --python FILE   a Python that has onnx and onnxruntime: beside ONNX Runtime's int8, too
  --layers        milliseconds of each layer too, one by one`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: "string", default: "1,8" },
    rounds: { type: "string", default: "5" },
    turn: { type: "string", default: "300" },
    threads: { type: "string", default: "2" },
    python: { type: "string" },
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
    await compare(name, file, shape, folder);
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
  folder: string,
): Promise<void> {
  const [weights, onnx] = [join(folder, "net.caffemodel"), join(folder, "net.onnx")];
  {
    using net = new Net(file, { phase: "TEST", silent: true });
    fillLikeLearned(net);
    net.save(weights);
    if (values.python) await quantizeOnnx(net, onnx, [1, ...shape]);
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
  const file8 = join(folder, "int8.prototxt");
  writeFileSync(file8, printPrototxt("NetParameter", quantized));
  for (const batch of values.batch.split(",").map(Number)) {
    const how = { folder, shape: [batch, ...shape], threads: values.threads };
    const sides = [
      Side.ofNode("int8", ["ours", file8, weights], how),
      Side.ofNode("floats", ["ours", file, weights], how),
      ...(values.python ? [Side.ofNode("ONNX Runtime's int8", ["onnx", onnx, weights], how)] : []),
    ];
    const [ours, ...others] = await takeTurns(sides, values);
    const told = others.map(
      ({ name, ms }) => `${name} ${ms.toFixed(3)} (${(ms / (ours?.ms ?? 0)).toFixed(2)})`,
    );
    console.log(
      `${name} ${batch}`.padEnd(18),
      [`int8 ${ours?.ms.toFixed(3)} ms`, ...told].join(", "),
    );
    if (values.layers) {
      const options = { engines, weights, log: silent, phase: "TEST", forInference: true } as const;
      using float = new Net(param, options);
      using int8 = new Net(quantized, options);
      await tellLayers(float, int8, input(batch));
    }
  }
}

/** Writes what ONNX Runtime's own tools make of a net, with weights and data of 8 bits. */
async function quantizeOnnx(net: Net, file: string, shape: readonly number[]): Promise<void> {
  writeFileSync(file, (await toOnnx(net)).toBuffer());
  const program = fileURLToPath(new URL("quantize_onnx.py", import.meta.url));
  execFileSync(values.python as string, [program, file, file, shape.join()], { stdio: "inherit" });
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
