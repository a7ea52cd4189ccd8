// Everything that nets can be compared with, one after the other: training and testing beside PyTorch and BVLC Caffe, and nets that are
// used beside ONNX Runtime, OpenCV and TensorFlow.js, in floats and in int8, each where it is installed.
// Run as: npm run bench:all [-- NET …] [--python FILE] [--tfjs FOLDER] [--rounds N], after npm run build
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { NETS } from "./inference/nets.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** A Python that has the newest torch, protobuf, onnx, onnxruntime and cv2 there are, or some of them. */
    python: { type: "string", default: "/usr/bin/python3" },
    /** A folder that has @tensorflow/tfjs-node. */
    tfjs: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(NETS);
const run = (script: string, ...args: string[]): void => {
  const file = fileURLToPath(new URL(script, import.meta.url));
  execFileSync(process.execPath, ["--import", "tsx", file, ...names, ...args], {
    stdio: "inherit",
  });
};
const rounds = ["--rounds", values.rounds];
console.log("Training and testing; × is the other's time over ours.");
run(
  "compare.ts",
  ...rounds,
  "--iterations",
  "5",
  "--bf16",
  "--channels-last",
  "--python",
  values.python,
);
console.log(
  "\nNets that are used, of one image and of eight; in brackets the other's time over ours.",
);
const tfjs = values.tfjs === undefined ? [] : ["--tfjs", values.tfjs];
run("inference/compare.ts", ...rounds, "--python", values.python, ...tfjs);
console.log("\nThe same in int8, beside floats and ONNX Runtime's int8.");
run("inference/int8.ts", ...rounds, ...peerOfInt8());

/** ONNX Runtime's quantization is a part of its package for Python. */
function peerOfInt8(): string[] {
  const has = spawnSync(values.python, ["-c", "import onnx, onnxruntime"]).status === 0;
  return has ? ["--python", values.python] : [];
}
