// Asks a server from so many connections for so long, one request after the other on each, and prints what came of it as JSON.
// Run as: node load.mjs URL INPUT SHAPE CONNECTIONS SECONDS
import { Agent, request } from "node:http";

const [url = "", input = "", shapeText = "", connections = "1", seconds = "1"] =
  process.argv.slice(2);
const shape = shapeText.split(",").map(Number);
const count = shape.reduce((product, length) => product * length, 1);
const data = Float32Array.from({ length: count }, (_, i) => ((i * 31) % 255) / 255);
const head = Buffer.from(
  JSON.stringify({
    inputs: [
      { name: input, shape, datatype: "FP32", parameters: { binary_data_size: data.byteLength } },
    ],
    parameters: { binary_data_output: true },
  }),
);
const body = Buffer.concat([head, Buffer.from(data.buffer)]);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const headers = {
  "content-length": body.byteLength,
  "inference-header-content-length": head.byteLength,
};

const ask = () =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode)).on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });

/** Answers that are counted at least for each connection: passes of a large net take longer than the time given. */
const LEAST_ANSWERS = 2;

const from = performance.now() + 300 * Number(seconds);
const until = from + 1000 * Number(seconds);
const least = LEAST_ANSWERS * Number(connections);
/** Milliseconds of each answer that came after the warm-up. */
const times = [];
let last = from;
const isOver = () => last >= until && times.length >= least;

/** One connection, which is never idle: who pauses may find that the server has just closed it. */
async function client() {
  while (!isOver()) {
    const asked = performance.now();
    const status = await ask();
    if (status !== 200) throw new Error(`status ${status}`);
    const now = performance.now();
    if (now < from || isOver()) continue;
    times.push(now - asked);
    last = now;
  }
}

await Promise.all(Array.from({ length: Number(connections) }, client));
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
console.log(
  JSON.stringify({
    perSecond: (1000 * times.length) / (last - from),
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
  }),
);
agent.destroy();
