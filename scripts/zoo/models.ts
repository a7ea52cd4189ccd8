// Runs nets with weights that others trained, and compares with recorded outputs:
// npm run zoo:models -- DIR [--engine E] [--only PART-OF-NAME]
//
// A model is a folder with case.json (inputs and outputs, raw float32), a deploy prototxt, and weights.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Blob } from "../../src/blob/blob.ts";
import { createEngines } from "../../src/engines/create.ts";
import type { NetParameter } from "../../src/io/proto/caffe.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { readCaffemodel } from "../../src/io/weights/caffemodel.ts";
import { Net } from "../../src/net/net.ts";

/** Recorded values of a blob: raw float32 in a file beside case.json. */
interface RecordedBlob {
  readonly blob: string;
  readonly file: string;
  readonly shape: readonly number[];
}

interface Case {
  readonly name: string;
  readonly inputs: readonly RecordedBlob[];
  readonly outputs: readonly RecordedBlob[];
}

/** How many outputs were compared, and the worst of them. */
interface Comparison {
  readonly outputs: number;
  readonly worst: { readonly error: number; readonly what: string };
}

/** The largest difference, relative to the largest value of an output. */
const TOLERANCE = 1e-4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { engine: { type: "string" }, only: { type: "string", default: "" } },
});
const [root] = positionals;
if (!root || !existsSync(root)) {
  console.error(
    "usage: npm run zoo:models -- DIR [--engine reference|native|webgpu] [--only PART-OF-NAME]",
  );
  process.exit(2);
}
const silent = (): void => {};
const engines = createEngines({
  ...(values.engine !== undefined && { prefer: values.engine }),
  log: silent,
});

const counts = { ok: 0, OTHER: 0, DIFFERS: 0, FAILED: 0 };
for (const name of readdirSync(root).sort()) {
  if (!name.includes(values.only) || !existsSync(join(root, name, "case.json"))) continue;
  const { verdict, text } = await judge(join(root, name));
  counts[verdict]++;
  console.log(`${verdict.padEnd(8)}${name.padEnd(22)}${text}`);
}
console.log(`${counts.OTHER} of a layer type that BVLC Caffe does not have`);
console.log(`${counts.DIFFERS} that OpenCV, which recorded them, computes otherwise than Caffe`);
console.log(`${counts.ok} passed, ${counts.FAILED} failed`);
const isEmpty = Object.values(counts).every((count) => count === 0);
if (isEmpty) console.error(`no model in ${root}. Expected folders that hold a case.json.`);
process.exit(counts.FAILED > 0 || isEmpty ? 1 : 0);

/** What becomes of one model. */
async function judge(
  folder: string,
): Promise<{ readonly verdict: keyof typeof counts; readonly text: string }> {
  try {
    const param = readNetParameter(prototxtOf(folder), silent);
    if (hasBoxesOfPartPixels(param)) {
      return {
        verdict: "DIFFERS",
        text: "sizes of boxes have fractions, which SSD cuts off and OpenCV does not",
      };
    }
    const { worst, outputs } = await run(folder, param);
    const text = `${outputs} outputs, largest relative error ${worst.error.toExponential(1)} (${worst.what})`;
    return { verdict: worst.error <= TOLERANCE ? "ok" : "FAILED", text };
  } catch (error) {
    const { message } = error as Error;
    const text = message.slice(0, 300);
    return { verdict: /Unknown layer type/.test(message) ? "OTHER" : "FAILED", text };
  }
}

/** Whether a PriorBox has a size that is no whole number. */
function hasBoxesOfPartPixels({ layer = [] }: NetParameter): boolean {
  return layer.some(({ prior_box_param: { min_size = [], max_size = [] } = {} }) =>
    [...min_size, ...max_size].some((size) => !Number.isInteger(size)),
  );
}

function prototxtOf(folder: string): string {
  const bvlc = join(folder, "deploy.bvlc.prototxt");
  return existsSync(bvlc) ? bvlc : join(folder, "deploy.prototxt");
}

/** Runs the cases of a model. */
async function run(folder: string, param: NetParameter): Promise<Comparison> {
  const { cases }: { readonly cases: readonly Case[] } = JSON.parse(
    readFileSync(join(folder, "case.json"), "utf8"),
  );
  const weights = readdirSync(folder).find((file) => file.startsWith("weights."));
  if (weights === undefined) throw new Error(`no weights.* in ${folder}.`);
  const net = new Net(param, { engines, phase: "TEST" });
  try {
    net.copyFrom(readCaffemodel(join(folder, weights)));
    let outputs = 0;
    let worst = { error: 0, what: "" };
    for (const { name, inputs, outputs: wanted } of cases) {
      for (const input of inputs) {
        const blob = net.blob(input.blob);
        blob.reshape(input.shape);
        blob.data.set(floats(folder, input.file));
      }
      net.reshape();
      await net.forward();
      for (const { blob, file: recorded, shape } of wanted) {
        const error = difference(net.blob(blob), floats(folder, recorded), shape);
        if (!(error <= worst.error)) worst = { error, what: `${name}, ${blob}` };
        outputs++;
      }
    }
    return { worst, outputs };
  } finally {
    net.close();
  }
}

function floats(folder: string, file: string): Float32Array {
  const bytes = readFileSync(join(folder, file));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** The largest difference, relative to the largest value. Behind its detections OpenCV has rows of zeros. */
function difference(blob: Blob, recorded: Float32Array, shape: readonly number[]): number {
  const got = blob.values();
  const isFilledUp = shape.at(-1) === 7 && recorded.subarray(got.length).every((x) => x === 0);
  const want = isFilledUp ? recorded.subarray(0, got.length) : recorded;
  if (got.length !== want.length) {
    throw new Error(`shape (${blob.shape}). Expected (${shape}).`);
  }
  let size = 0;
  let most = 0;
  for (const [i, value] of want.entries()) {
    size = Math.max(size, Math.abs(value));
    const off = Math.abs(got[i]! - value);
    if (!(off <= most)) most = off;
  }
  return most === 0 ? 0 : most / size;
}
