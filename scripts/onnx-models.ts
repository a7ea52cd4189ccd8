// Writes whole models as ONNX and compares ONNX Runtime with them: npm run onnx:models -- [DIR] [--only PART-OF-NAME]
//
// Without DIR the models of models/, their weights and inputs random; below DIR folders with case.json (recorded inputs), a deploy
// prototxt and weights, as npm run zoo:models takes them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Net } from "../src/net/net.ts";
import { noise } from "../tests/support/noise.ts";
import { type Answers, bothAnswers, fillParams } from "../tests/support/onnx-runtime.ts";

/** The largest difference, relative to the largest value of an output. */
const TOLERANCE = 1e-4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string", default: "" } },
});
const [root] = positionals;

/** A net whose inputs are written, and what is compared. */
interface Prepared {
  readonly net: Net;
  readonly what: string;
}

let failed = 0;
for (const name of readdirSync(root ?? "models").sort()) {
  if (!name.includes(values.only)) continue;
  try {
    for (const { net, what } of root === undefined ? ownModel(name) : recorded(join(root, name))) {
      const start = Date.now();
      const answers = await bothAnswers(net);
      net.close();
      const lines = answers.map((answer) => `${answer.name} ${textOf(answer)}`);
      const isNear = answers.every((answer) => differenceOf(answer) <= TOLERANCE);
      if (!isNear) failed++;
      const seconds = ((Date.now() - start) / 1000).toFixed(1);
      console.log(
        `${isNear ? "ok    " : "FAILED"}  ${name} ${what}: ${lines.join(", ")} (${seconds} s)`,
      );
    }
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name}: ${(error as Error).message.slice(0, 300)}`);
  }
}
console.log(`${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

/** A model of this package, for one image. */
function ownModel(name: string): Prepared[] {
  const file = [`deploy.prototxt`, `${name}.prototxt`].find((one) =>
    existsSync(join("models", name, one)),
  );
  if (file === undefined) return [];
  const net = new Net(join("models", name, file), { phase: "TEST", silent: true });
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
  return [{ net, what: file }];
}

/** A model that others trained, with each of its recorded inputs. */
function* recorded(folder: string): Generator<Prepared> {
  if (!existsSync(join(folder, "case.json"))) return;
  const { cases } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  const [bvlc, deploy] = ["deploy.bvlc.prototxt", "deploy.prototxt"].map((one) =>
    join(folder, one),
  );
  const weights = readdirSync(folder).find((file) => file.startsWith("weights.")) ?? "";
  for (const { name, inputs } of cases) {
    const net = new Net(existsSync(bvlc!) ? bvlc! : deploy!, {
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
    yield { net, what: name };
  }
}

/** Relative to the largest value; infinite where shapes differ. */
function differenceOf({ got, shape, want }: Answers): number {
  const values = got.data as Float32Array;
  if (got.dims.join() !== shape.join()) return Number.POSITIVE_INFINITY;
  let [most, size] = [0, 0];
  want.forEach((value, i) => {
    most = Math.max(most, Math.abs(value - values[i]!));
    size = Math.max(size, Math.abs(value));
  });
  return most === 0 ? 0 : most / size;
}

function textOf(answer: Answers): string {
  const { got, shape } = answer;
  const isOther = got.dims.join() !== shape.join();
  const shapes = isOther ? ` (${got.dims.join("×")})` : "";
  return `${shape.join("×")}${shapes} ${differenceOf(answer).toExponential(1)}`;
}
