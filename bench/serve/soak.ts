// A soak of `caffe serve`: 64 connections whose every answer is held against what the net says, beside clients that misbehave and
// weights that are replaced. Fails where an answer is wrong, a status is none of those intended, or memory grows.
// Run as: npm run soak:serve [-- MINUTES], after npm run build; ten minutes by default

import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Net } from "../../src/net/net.ts";
import { median } from "../median.ts";
import { startServer } from "./start-server.ts";

const MINUTES = Number(process.argv[2] ?? 10);
if (!(MINUTES > 0)) throw new Error(`${process.argv[2]} is no number of minutes.`);
const CONNECTIONS = 64;
const INPUTS = 256;
/** By how much memory may grow after the first third: the collector's play. */
const MOST_GROWTH = 1.25;
const SMALL = `
  name: "small"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 16 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 8 weight_filler { type: "gaussian" std: 1 } } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

interface Served {
  readonly name: string;
  readonly shape: readonly number[];
  readonly weights: string;
  readonly inputs: readonly number[][];
  readonly answers: readonly Float32Array[];
}

const folder = mkdtempSync(join(tmpdir(), "caffe-soak-"));
const statuses = new Map<number | string, number>();
const problems: string[] = [];
let answered = 0;

/** A net's files, many inputs and what it says of each. */
async function prepare(file: string, text: string): Promise<Served & { readonly model: string }> {
  const [model, weights] = [join(folder, `${file}.prototxt`), join(folder, `${file}.caffemodel`)];
  writeFileSync(model, text);
  using net = new Net(model, { phase: "TEST" });
  for (const { blob } of net.learnableParams) {
    blob.data.forEach((_, i, data) => {
      data[i] = Math.sin(i * 1.7) / 4;
    });
  }
  net.save(weights);
  const shape = [1, ...net.blob("data").shape.slice(1)];
  const count = shape.reduce((product, length) => product * length, 1);
  const inputs = Array.from({ length: INPUTS }, (_, k) =>
    Array.from(
      { length: count },
      (_, i) => Math.round(1000 * Math.sin(k * 0.37 + i * (1 + k))) / 1000,
    ),
  );
  const answers: Float32Array[] = [];
  for (const input of inputs) {
    const { prob } = await net.forward({ data: { shape, data: Float32Array.from(input) } });
    answers.push(Float32Array.from(prob?.values() ?? []));
  }
  return { name: net.name, shape, model, weights, inputs, answers };
}

function count(status: number | string): void {
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}

async function ask(
  url: string,
  { name, shape, inputs, answers }: Served,
  k: number,
): Promise<void> {
  const id = `${name} ${k}`;
  const response = await fetch(`${url}/v2/models/${name}/infer`, {
    method: "POST",
    body: JSON.stringify({
      id,
      inputs: [{ name: "data", shape, datatype: "FP32", data: inputs[k] }],
    }),
  });
  const json = (await response.json()) as { id?: string; outputs?: { data: number[] }[] };
  count(response.status);
  if (response.status !== 200) {
    problems.push(`status ${response.status}: ${JSON.stringify(json)}`);
    return;
  }
  answered++;
  const got = json.outputs?.[0]?.data ?? [];
  const want = answers[k] ?? new Float32Array();
  const isRight =
    got.length === want.length && got.every((value, i) => Math.abs(value - (want[i] ?? 0)) < 1e-5);
  if (json.id !== id || !isRight) problems.push(`${id} was given another's answer (${json.id})`);
}

/** What clients do wrong, each in its own way; the server has to send them away, or to hear that they are gone. */
const faults: readonly ((port: number) => void)[] = [
  (port) => send(port, "no HTTP at all\r\n\r\n"),
  (port) =>
    send(
      port,
      "POST /v2/models/small/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{bad json",
    ),
  (port) =>
    send(
      port,
      "POST /v2/models/small/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n",
    ),
  (port) =>
    send(
      port,
      "POST /v2/models/small/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n{",
      300,
    ),
  (port) => send(port, "GET /v2 HTTP/1.1\r\nx: y\r\n", 60_000),
  (port) =>
    send(
      port,
      `POST /v2/models/small/infer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${"4000\r\n".concat("1".repeat(0x4000), "\r\n").repeat(100)}`,
      500,
    ),
];

function send(port: number, text: string, leaveAfter = 2000): void {
  const socket = connect(port, "127.0.0.1");
  const leave = setTimeout(() => socket.destroy(), leaveAfter);
  socket.on("error", () => {}).on("close", () => clearTimeout(leave));
  socket.resume();
  socket.write(text);
}

function memoryOf(pid: number): number {
  const [, kibi = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kibi) / 1024;
}

try {
  const lenet = await prepare("lenet", readFileSync("models/lenet/lenet.prototxt", "utf8"));
  const small = await prepare("small", SMALL);
  const models = [lenet, small];
  const flags = models.flatMap(({ model, weights }) => [
    `--model=${model}`,
    `--weights=${weights}`,
  ]);
  const server = await startServer("bin/caffe", "serve", ...flags, "--port=0", "--reload=0.5");
  const port = Number(new URL(server.url).port);
  const end = performance.now() + MINUTES * 60_000;
  const memory: number[] = [];
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  const clients = Array.from({ length: CONNECTIONS }, async (_, client) => {
    for (let i = 0; performance.now() < end; i++) {
      const model = models[(client + i) % 2] as Served;
      await ask(server.url, model, (client * 31 + i * 7) % INPUTS).catch((error: Error) => {
        count("lost");
        problems.push(`lost: ${error.message} ${String(error.cause ?? "")}`);
      });
    }
  });
  const misbehaving = (async () => {
    for (let i = 0; performance.now() < end; i++) {
      faults[i % faults.length]?.(port);
      await pause(50);
    }
  })();
  const replacing = (async () => {
    for (let i = 0; performance.now() < end; i++) {
      await pause(2000);
      const { weights } = models[i % 2] as Served;
      copyFileSync(weights, `${weights}.kept`);
      // The same again as a new file, and now and then a damaged one before it.
      if (i % 5 === 4) {
        writeFileSync(weights, "damaged");
        await pause(1500);
      }
      renameSync(`${weights}.kept`, weights);
    }
  })();
  const watching = (async () => {
    while (performance.now() < end) {
      memory.push(memoryOf(server.pid));
      await pause(Math.min(5000, MINUTES * 2000));
    }
  })();
  await Promise.all([...clients, misbehaving, replacing, watching]);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const versions = metrics.match(/^caffe_model_version.*$/gm)?.join(", ");
  const code = await server.stop();
  if (code !== 0) problems.push(`the server ended with ${code}`);
  const third = Math.floor(memory.length / 3);
  const [early, late] = [median(memory.slice(third, 2 * third)), median(memory.slice(2 * third))];
  if (late > early * MOST_GROWTH) problems.push(`memory grew from ${early} to ${late} MiB`);
  console.log(
    `${answered} answers in ${MINUTES} minutes, statuses ${JSON.stringify([...statuses])}, ${versions}`,
  );
  console.log(`memory ${early.toFixed(0)} MiB in the middle third, ${late.toFixed(0)} in the last`);
  for (const problem of problems.slice(0, 20)) console.log(problem);
  console.log(problems.length === 0 ? "all is well" : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
