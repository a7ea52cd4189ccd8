// Reads files of ONNX as nets, compares ONNX Runtime with them, and trains them for ten iterations:
// npm run onnx:import -- FILES… [--no-train] [--batch 4] [--rate 0.01] [--shape data=1,3,224,224]
import { parseArgs } from "node:util";
import { shapesOf } from "../../src/cli/shape-flag.ts";
import { fromOnnx } from "../../src/onnx/import/from-onnx.ts";
import { distancesOf, lossesOf } from "../../tests/support/imported-onnx.ts";

/** The largest difference, relative to the largest value of an output. */
const TOLERANCE = 1e-4;
const ITERATIONS = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    train: { type: "boolean", default: true },
    batch: { type: "string", default: "4" },
    rate: { type: "string", default: "0.01" },
    shape: { type: "string", multiple: true, default: [] },
  },
});

let failed = 0;
for (const file of positionals) {
  const start = Date.now();
  try {
    const { line, isGood } = await judge(file);
    if (!isGood) failed++;
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    console.log(`${isGood ? "ok    " : "FAILED"}  ${file}: ${line} (${seconds} s)`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${file}: ${(error as Error).message.slice(0, 3000)}`);
  }
}
console.log(`${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

async function judge(file: string): Promise<{ line: string; isGood: boolean }> {
  const imported = fromOnnx(file, { shapes: shapesOf(values.shape) });
  const distances = await distancesOf(file, imported);
  const texts = distances.map(
    ({ output, shape, relative }) => `${output} ${shape.join("×")} ${relative.toExponential(1)}`,
  );
  const isNear = distances.every(({ relative }) => relative <= TOLERANCE);
  if (!values.train || !imported.trainVal) return { line: texts.join(", "), isGood: isNear };
  const losses = await lossesOf(imported, {
    iterations: ITERATIONS,
    batch: Number(values.batch),
    rate: Number(values.rate),
  });
  const [first = 0, last = 0] = [losses[0], losses.at(-1)];
  const falls = last < first;
  const loss = `loss ${first.toPrecision(3)} → ${last.toPrecision(3)}`;
  return { line: `${texts.join(", ")}, ${loss}`, isGood: isNear && falls };
}
