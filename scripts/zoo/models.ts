// Runs nets with weights that others trained, and compares with recorded outputs:
// npm run zoo:models -- DIR [--engine E] [--only PART-OF-NAME]
//
// A model is a folder with case.json (inputs and outputs, raw float32), a deploy prototxt, and weights.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Blob } from "../../src/blob/blob.ts";
import { createEngines } from "../../src/engines/create.ts";
import type { LayerParameter, NetParameter, PriorBoxParameter } from "../../src/io/proto/caffe.ts";
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

const counts = { ok: 0, OTHER: 0, FAILED: 0 };
for (const name of readdirSync(root).sort()) {
  if (!name.includes(values.only) || !existsSync(join(root, name, "case.json"))) continue;
  const { verdict, text } = await judge(join(root, name));
  counts[verdict]++;
  console.log(`${verdict.padEnd(8)}${name.padEnd(22)}${text}`);
}
console.log(`${counts.OTHER} of a layer type that BVLC Caffe does not have`);
console.log(`${counts.ok} passed, ${counts.FAILED} failed`);
const isEmpty = Object.values(counts).every((count) => count === 0);
if (isEmpty) console.error(`no model in ${root}. Expected folders that hold a case.json.`);
process.exit(counts.FAILED > 0 || isEmpty ? 1 : 0);

/** What becomes of one model. */
async function judge(
  folder: string,
): Promise<{ readonly verdict: keyof typeof counts; readonly text: string }> {
  try {
    const given = readNetParameter(prototxtOf(folder), silent);
    const param = withUncutBoxes(given);
    const { worst, outputs } = await run(folder, param);
    const note = param === given ? "" : "; PriorBox of part pixels, as OpenCV has them";
    const text = `${outputs} outputs, largest relative error ${worst.error.toExponential(1)} (${worst.what})${note}`;
    return { verdict: worst.error <= TOLERANCE ? "ok" : "FAILED", text };
  } catch (error) {
    const { message } = error as Error;
    const text = message.slice(0, 300);
    return { verdict: /Unknown layer type/.test(message) ? "OTHER" : "FAILED", text };
  }
}

/**
 * The net with boxes as OpenCV, which recorded the outputs, has them: SSD cuts min_size and max_size to whole pixels, OpenCV
 * does not. PriorBoxClustered takes the sizes as they are, so all else is compared as it stands.
 */
function withUncutBoxes(param: NetParameter): NetParameter {
  const isCut = ({ prior_box_param: { min_size = [], max_size = [] } = {} }: LayerParameter) =>
    [...min_size, ...max_size].some((size) => !Number.isInteger(size));
  if (!param.layer?.some(isCut)) return param;
  const layer = param.layer.map((one): LayerParameter => {
    const { prior_box_param } = one;
    if (!prior_box_param || !isCut(one)) return one;
    return { ...one, type: "PriorBoxClustered", prior_box_param: clustered(prior_box_param) };
  });
  return { ...param, layer };
}

/** The sizes of a PriorBox one by one: for each min_size the square, the one up to max_size, then the ratios. */
function clustered({
  min_size = [],
  max_size = [],
  aspect_ratio = [],
  flip = true,
  ...rest
}: PriorBoxParameter): PriorBoxParameter {
  const ratios = [...new Set(aspect_ratio)]
    .filter((ratio) => ratio !== 1)
    .flatMap((ratio) => (flip ? [ratio, 1 / ratio] : [ratio]));
  const sizes = [...min_size].flatMap((min, i) => {
    const max = max_size[i];
    const square = max === undefined ? [] : [Math.sqrt(min * max)];
    return [
      [min, min] as const,
      ...square.map((size) => [size, size] as const),
      ...ratios.map((ratio) => [min * Math.sqrt(ratio), min / Math.sqrt(ratio)] as const),
    ];
  });
  return { ...rest, width: sizes.map(([w]) => w), height: sizes.map(([, h]) => h) };
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
