// Times forward passes of the models of models/ beside ONNX Runtime, and beside OpenCV's dnn where python3-opencv is installed and
// TensorFlow.js where a folder has it, with the same weights, in processes that take turns.
// `npm run bench:inference -- --help` tells how, after npm run build.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Net } from "../../src/net/net.ts";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { hasOpenCv, PYTHON } from "../opencv.ts";
import { NETS } from "./nets.ts";
import { Side, takeTurns } from "./side.ts";
import { hasTfjs, place, writeForTfjs } from "./tfjs.ts";
import { fillLikeLearned } from "./weights.ts";

const help = `Times forward passes of nets that are used, beside ONNX Runtime and, where python3-opencv is installed, OpenCV's dnn: Net.forward
with an image, session.run with the same, setInput and forward of a cv2.dnn.Net.

  npm run bench:inference -- [NET …] [options]

NET is one of ${Object.keys(NETS).join(", ")}; all of them by default.

  --batch N,…     (1,8)
  --rounds N      how often the two take turns (5)
  --turn MS       how long a turn is (400)
  --threads N     (2)
  --python FILE   a Python that has OpenCV: the newest there is (${PYTHON})
  --tfjs FOLDER   a folder that has @tensorflow/tfjs-node: beside TensorFlow.js, too

Prints medians of all passes but the first turn's, the others' times over ours, and each process's peak of memory.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: "string", default: "1,8" },
    rounds: { type: "string", default: "5" },
    turn: { type: "string", default: "400" },
    threads: { type: "string", default: "2" },
    python: { type: "string", default: PYTHON },
    tfjs: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(help);
  process.exit(0);
}
const isBesideOpenCv = hasOpenCv(values.python);
const tfjs = values.tfjs !== undefined && hasTfjs(values.tfjs) ? place(values.tfjs) : undefined;
const [OPENCV_SIDE, TFJS_SIDE] = ["opencv_side.py", "tfjs-side.mjs"].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
) as [string, string];
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
  if (tfjs) writeForTfjs(net, join(folder, "net.json"));
}

async function compare(
  name: string,
  file: string,
  folder: string,
  shape: readonly number[],
): Promise<void> {
  const [weights, onnx] = [join(folder, "net.caffemodel"), join(folder, "net.onnx")];
  const how = { folder, shape, threads: values.threads };
  const sides = [
    Side.ofNode("ours", ["ours", file, weights], how),
    Side.ofNode("ONNX Runtime", ["onnx", onnx, weights], how),
    ...(isBesideOpenCv
      ? [new Side("OpenCV", [values.python, OPENCV_SIDE, file, weights, onnx], how)]
      : []),
    ...(tfjs
      ? [
          new Side(
            "TensorFlow.js",
            [process.execPath, TFJS_SIDE, tfjs, join(folder, "net.json")],
            how,
          ),
        ]
      : []),
  ];
  const taken = await takeTurns(sides, values);
  const [ours] = taken;
  const told = taken.map(({ name: side, ms }, i) => {
    const ratio = i === 0 ? "" : ` (${(ms / (ours?.ms ?? 0)).toFixed(2)})`;
    return `${side} ${ms.toFixed(3)} ms${ratio}`;
  });
  const memory = taken.map(({ memoryMiB }) => memoryMiB.toFixed(0));
  console.log(`${name} ${shape[0]}`.padEnd(18), `${told.join(", ")}; MiB ${memory.join(", ")}`);
}
