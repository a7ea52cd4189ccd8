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

/** Milliseconds of each answer, asked until the time is over. */
async function load(milliseconds) {
  const end = performance.now() + milliseconds;
  const times = [];
  const one = async () => {
    while (performance.now() < end) {
      const from = performance.now();
      const status = await ask();
      if (status !== 200) throw new Error(`status ${status}`);
      times.push(performance.now() - from);
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: Number(connections) }, one));
  return { times, took: performance.now() - from };
}

await load(300 * Number(seconds));
const { times, took } = await load(1000 * Number(seconds));
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
console.log(
  JSON.stringify({
    perSecond: (1000 * times.length) / took,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
  }),
);
agent.destroy();
