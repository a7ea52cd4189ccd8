// Writes whole models as ONNX and compares ONNX Runtime with them: npm run onnx:models -- [DIR] [--only PART-OF-NAME]
//
// Without DIR the models of models/, their weights and inputs random; below DIR folders with case.json (recorded inputs), a deploy
// prototxt and weights, as npm run zoo:models takes them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { Net } from "../../src/net/net.ts";
import { RuntimeCheck } from "../../src/onnx/check/compare.ts";
import { Trials } from "../../src/onnx/check/trials.ts";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { noise } from "../../tests/support/noise.ts";
import { bothAnswers, fillParams } from "../../tests/support/onnx-runtime.ts";
import { comparedMasks, withMaskProbes, withMasksGiven } from "./masks.ts";
import { readLast, withProbes } from "./probes.ts";

/** The largest difference, relative to the largest value of an output. */
const TOLERANCE = 1e-4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string", default: "" } },
});
const [root] = positionals;

/** What was compared, and whether it is near enough. */
interface Result {
  readonly what: string;
  readonly isNear: boolean;
}

let [passed, failed] = [0, 0];
const tell = (isNear: boolean, line: string): void => {
  if (isNear) passed++;
  else failed++;
  console.log(`${isNear ? "ok    " : "FAILED"}  ${line}`);
};
for (const name of readdirSync(root ?? "models").sort()) {
  if (!name.includes(values.only)) continue;
  let start = Date.now();
  try {
    const results = root === undefined ? ownModel(name) : recorded(join(root, name));
    for await (const { what, isNear } of results) {
      tell(isNear, `${name} ${what} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
      start = Date.now();
    }
  } catch (error) {
    tell(false, `${name}: ${(error as Error).message.slice(0, 300)}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

/** A model of this package, for one image: its outputs, and what its last layers read. */
async function* ownModel(name: string): AsyncGenerator<Result> {
  const file = [`deploy.prototxt`, `${name}.prototxt`].find((one) =>
    existsSync(join("models", name, one)),
  );
  if (file === undefined) return;
  const param = readNetParameter(join("models", name, file), () => {});
  const probed = withProbes(param, readLast(param));
  const masked = withMaskProbes(param);
  using net = filled(new Net(masked ?? probed, { phase: "TEST", silent: true }));
  if (!masked) {
    yield compared(net, file);
    return;
  }
  const { places, others, wrong } = comparedMasks(param, await bothAnswers(net));
  yield {
    what: `${file}: ${others} of ${places} maxima lie elsewhere, ${others - wrong} of them equal but for rounding`,
    isNear: wrong === 0,
  };
  using given = withMasksGiven(probed, net);
  yield compared(given, `${file} with its maxima given`);
}

/** Weights as after training, and inputs for one image. */
function filled(net: Net): Net {
  fillParams(net);
  for (const blob of net.inputBlobs) {
    if (blob.shape.length === 4) blob.reshape([1, ...blob.shape.slice(1)]);
  }
  net.reshape();
  net.inputs.forEach((input, i) => {
    const blob = net.blob(input);
    const image = [224, 224, 1];
    const isInfo = input === "im_info";
    blob.assign({ shape: blob.shape, data: isInfo ? image : noise(blob.count(), i + 1) });
  });
  return net;
}

/** A model that others trained, with each of its recorded inputs. */
async function* recorded(folder: string): AsyncGenerator<Result> {
  if (!existsSync(join(folder, "case.json"))) return;
  const { cases } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  const [bvlc, deploy] = ["deploy.bvlc.prototxt", "deploy.prototxt"].map((one) =>
    join(folder, one),
  );
  const weights = readdirSync(folder).find((file) => file.startsWith("weights.")) ?? "";
  for (const { name, inputs } of cases) {
    using net = new Net(existsSync(bvlc!) ? bvlc! : deploy!, {
      phase: "TEST",
      weights: join(folder, weights),
      silent: true,
    });
    for (const { blob, file, shape } of inputs) {
      const bytes = readFileSync(join(folder, file));
      const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset).slice(0, bytes.length));
      net.blob(blob).reshape(shape);
      net.blob(blob).assign({ shape, data });
    }
    net.reshape();
    yield compared(net, name);
  }
}

/** Compares a net, whose inputs are written, with its form in ONNX. */
async function compared(net: Net, what: string): Promise<Result> {
  const model = await toOnnx(net);
  const check = await RuntimeCheck.open(model.toBuffer(), net, model.outputs);
  const given = net.inputs.map((input) => {
    const blob = net.blob(input);
    return [input, { shape: blob.shape, data: Float32Array.from(blob.values()) }] as const;
  });
  const trial = new Trials(net, model.inputs).ofArrays(what, Object.fromEntries(given));
  const differences = await check.run(trial);
  await check.close();
  const parts = differences.map(({ greatest, size }) => (greatest === 0 ? 0 : greatest / size));
  const texts = differences.map(
    ({ output, shape }, i) =>
      `${output} ${shape.join("×") || "scalar"} ${parts[i]!.toExponential(1)}`,
  );
  return { what: `${what}: ${texts.join(", ")}`, isNear: parts.every((part) => part <= TOLERANCE) };
}
