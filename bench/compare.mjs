// Times nets with our engine and, where python3-torch is there, with PyTorch, taking turns in one run:
// npm run bench -- [NET.prototxt | lenet | cifar10_quick …] [--rounds 5] [--iterations 20] [--threads 2] [--engine native]
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    iterations: { type: "string", default: "20" },
    threads: { type: "string", default: "2" },
    engine: { type: "string", default: "native" },
  },
});
const nets = positionals.length > 0 ? positionals : ["lenet", "cifar10_quick"];
const python = "/usr/bin/python3";
const quietly = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
const pb2 = mkdtempSync(join(tmpdir(), "caffe-pb2-"));

function torchIsThere() {
  try {
    const proto = join(here, "../proto");
    execFileSync(
      "protoc",
      [`--proto_path=${proto}`, `--python_out=${pb2}`, "caffe.proto"],
      quietly,
    );
    execFileSync(python, ["-c", "import torch, google.protobuf"], quietly);
    return true;
  } catch {
    return false;
  }
}

const last = (text) => JSON.parse(text.trim().split("\n").at(-1));
const run = (program, args) => last(execFileSync(program, args, { encoding: "utf8" }));
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const summary = (list) => ({ median: median(list), min: Math.min(...list) });

const hasTorch = torchIsThere();
if (!hasTorch) console.log("python3-torch, python3-protobuf or protoc is missing: ours alone");
const results = [];
try {
  for (const name of nets) {
    const path = existsSync(name) ? name : join(here, "nets", `${name}.prototxt`);
    const { iterations, threads, engine } = values;
    const taken = { ours: {}, torch: {} };
    for (let round = 0; round < Number(values.rounds); round++) {
      const add = (side, result) => {
        for (const [what, list] of Object.entries(result)) {
          taken[side][what] = [...(taken[side][what] ?? []), ...list];
        }
      };
      add(
        "ours",
        run(process.execPath, [join(here, "ours.mjs"), path, iterations, threads, engine]),
      );
      if (!hasTorch) continue;
      add("torch", run(python, [join(here, "torch_net.py"), path, iterations, threads, pb2]));
    }
    for (const what of ["forward", "forwardBackward", "step"]) {
      const ours = summary(taken.ours[what]);
      const torch = hasTorch ? summary(taken.torch[what]) : undefined;
      const show = (s) => `${s.median.toFixed(2)} (min ${s.min.toFixed(2)})`;
      const peer = torch
        ? `  torch ${show(torch)}  ours/torch ${(ours.median / torch.median).toFixed(2)} (min ${(ours.min / torch.min).toFixed(2)})`
        : "";
      const label = `${basename(path, ".prototxt")} ${what}`.padEnd(32);
      console.log(`${label} ms: ours ${show(ours)}${peer}`);
      results.push({ net: basename(path, ".prototxt"), what, ours, torch });
    }
  }
} finally {
  rmSync(pb2, { recursive: true });
}
mkdirSync(join(here, "results"), { recursive: true });
const file = join(here, "results", `${new Date().toISOString().replace(/[:.]/g, "-")}.json`);
writeFileSync(file, `${JSON.stringify({ settings: values, results }, undefined, 2)}\n`);
console.log(`written to ${file}`);
