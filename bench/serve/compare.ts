// `caffe serve` beside ONNX Runtime behind the same HTTP server, at 1, 8 and 64 connections, taking turns.
// Run as: npm run bench:serve [-- NETS…], after npm run build
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Net } from "../../src/net/net.ts";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { startServer } from "./start-server.ts";

const CONNECTIONS = [1, 8, 64];
const ROUNDS = 3;
const SECONDS = 2;
const nets: Readonly<Record<string, { readonly file: string; readonly shape: string }>> = {
  lenet: { file: "models/lenet/lenet.prototxt", shape: "1,1,28,28" },
  mobilenet: { file: "models/mobilenet/deploy.prototxt", shape: "1,3,224,224" },
  resnet50: { file: "models/resnet50/deploy.prototxt", shape: "1,3,224,224" },
};

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const wanted = process.argv.slice(2);
for (const [name, { file, shape }] of Object.entries(nets)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), "caffe-bench-"));
  try {
    await compare(name, file, shape, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(name: string, file: string, shape: string, folder: string): Promise<void> {
  const [weights, onnx] = [join(folder, "net.caffemodel"), join(folder, "net.onnx")];
  using net = new Net(file, { phase: "TEST" });
  // Statistics of nothing would divide by nothing: a net's speed is that of numbers.
  for (const { blob } of net.learnableParams) {
    blob.data.forEach((_, i, data) => {
      data[i] = noise(i);
    });
  }
  net.save(weights);
  writeFileSync(onnx, (await toOnnx(net)).toBuffer());
  const [input = ""] = net.inputs;
  const ours = await startServer(
    "bin/caffe",
    "serve",
    `--model=${file}`,
    `--weights=${weights}`,
    "--port=0",
  );
  const theirs = await startServer("--import", "tsx", here("onnx-server.ts"), onnx, shape);
  try {
    for (const connections of CONNECTIONS) {
      const all: { ours: Figures[]; theirs: Figures[] } = { ours: [], theirs: [] };
      for (let round = 0; round < ROUNDS; round++) {
        all.ours.push(
          load(
            `${ours.url}/v2/models/${encodeURIComponent(net.name)}/infer`,
            input,
            shape,
            connections,
          ),
        );
        all.theirs.push(load(`${theirs.url}/v2/models/onnx/infer`, input, shape, connections));
      }
      const [we, they] = [middle(all.ours), middle(all.theirs)];
      console.log(
        `${name}, ${connections} connections: caffe serve ${text(we)}; ONNX Runtime ${text(they)}; ratio ${(we.perSecond / they.perSecond).toFixed(2)}`,
      );
    }
  } finally {
    await ours.stop();
    await theirs.stop();
  }
}

function noise(i: number): number {
  return 0.02 + ((Math.imul(i, 0x9e3779b1) >>> 8) / 2 ** 24) * 0.05;
}

function load(url: string, input: string, shape: string, connections: number): Figures {
  const args = [here("load.mjs"), url, input, shape, `${connections}`, `${SECONDS}`];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

/** The figures of the round in the middle by requests a second. */
function middle(rounds: readonly Figures[]): Figures {
  return rounds.toSorted((a, b) => a.perSecond - b.perSecond)[
    Math.floor(rounds.length / 2)
  ] as Figures;
}

function text({ perSecond, p50, p90, p99 }: Figures): string {
  const [a, b, c] = [p50, p90, p99].map((time) => time.toFixed(1));
  return `${perSecond.toFixed(0)}/s (${a}, ${b}, ${c} ms at 50, 90, 99 %)`;
}
