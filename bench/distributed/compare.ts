// What training in ranks costs on this machine: N ranks of one thread and batch b beside one process of N threads and batch
// N·b, and beside as many ranks of PyTorch's DistributedDataParallel over gloo where PyTorch is, taking turns. Run as:
// npm run bench:distributed [-- NETS… --python PROGRAM --rounds N], with a Python that has torch and protobuf (/usr/bin/python3).

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median } from "../median.ts";

const RANKS = 2;
const program = fileURLToPath(new URL("steps.mjs", import.meta.url));
const torchProgram = fileURLToPath(new URL("torch_ddp.py", import.meta.url));
const mpiFlags = ["--allow-run-as-root", "--bind-to", "core", "-np", `${RANKS}`];

/** By net: images of a rank's batch, and steps. */
const cases: Readonly<Record<string, readonly [batch: number, steps: number]>> = {
  lenet: [32, 100],
  caffenet: [16, 8],
  resnet50: [4, 8],
  vgg16: [2, 6],
};

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "/usr/bin/python3" },
    rounds: { type: "string", default: "3" },
  },
});
const { python } = values;
const rounds = Number(values.rounds);
const scratch = mkdtempSync(join(tmpdir(), "caffe-bench-"));
try {
  const hasTorch = torchIsThere();
  if (!hasTorch)
    console.log(`${python} has no torch or protobuf, or protoc is missing: no PyTorch`);
  for (const [net, [batch, steps]] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.includes(net)) continue;
    const path = fileURLToPath(new URL(`../nets/${net}.prototxt`, import.meta.url));
    const alone: number[] = [];
    const together: number[] = [];
    const strangers: number[] = [];
    const hidden: number[] = [];
    const torch: number[] = [];
    const ranks = [...mpiFlags, "node", program, path, `${batch}`, `${steps}`, "1"];
    for (let round = 0; round < rounds; round++) {
      alone.push(ours("node", [program, path, `${RANKS * batch}`, `${steps}`, `${RANKS}`]).ms);
      const trained = ours("mpirun", ranks);
      together.push(trained.ms);
      hidden.push(trained.hidden);
      strangers.push(ours("mpirun", [...ranks, "alone"]).ms);
      if (hasTorch) torch.push(runTorch(path, batch, steps));
    }
    const [one, many, apart] = [alone, together, strangers].map(median) as [number, number, number];
    const peer = hasTorch
      ? `; PyTorch ${median(torch).toFixed(1)} ms, ${(median(torch) / many).toFixed(2)}× ours`
      : "";
    console.log(
      `${net}: one process ${one.toFixed(1)} ms, ${RANKS} ranks ${many.toFixed(1)} ms a step of ${RANKS * batch} images, ${(one / many).toFixed(3)} of its images/s; ` +
        `${apart.toFixed(1)} ms where each rank trains for itself (${(one / apart).toFixed(3)}); ${Math.round(100 * median(hidden))} % of the gradients' way hidden${peer}`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true });
}

/** What steps.mjs tells. */
interface Steps {
  readonly ms: number;
  readonly hidden: number;
}

function ours(command: string, args: readonly string[]): Steps {
  return JSON.parse(execFileSync(command, args, { encoding: "utf8" })) as Steps;
}

function torchIsThere(): boolean {
  const proto = fileURLToPath(new URL("../../proto", import.meta.url));
  try {
    execFileSync("protoc", [`--proto_path=${proto}`, `--python_out=${scratch}`, "caffe.proto"]);
    execFileSync(python, ["-c", "import torch, google.protobuf"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The same net in PyTorch: the batch is each data blob's first axis. */
function runTorch(path: string, batch: number, steps: number): number {
  const [net, meeting] = [join(scratch, "net.prototxt"), join(scratch, "meeting")];
  const text = readFileSync(path, "utf8");
  writeFileSync(net, text.replace(/(shape\s*\{\s*dim:\s*)\d+/g, `$1${batch}`));
  rmSync(meeting, { force: true });
  const args = [...mpiFlags, python, torchProgram, net, `${steps}`, "1", scratch, meeting];
  return Number(execFileSync("mpirun", args, { encoding: "utf8" }));
}
