// Everything that nets can be compared with, one after the other: training and testing beside PyTorch and BVLC Caffe, and nets that are
// used beside ONNX Runtime and OpenCV, each where it is installed.
// Run as: npm run bench:all [-- NET …] [--python FILE] [--rounds N], after npm run build
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { NETS } from "./inference/nets.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** A Python that has torch and protobuf: the newest PyTorch there is. */
    python: { type: "string", default: "/usr/bin/python3" },
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
run("compare.ts", ...rounds, "--iterations", "5", "--bf16", "--python", values.python);
console.log(
  "\nNets that are used, of one image and of eight; in brackets the other's time over ours.",
);
run("inference/compare.ts", ...rounds);
