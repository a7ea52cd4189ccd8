// One training iteration of small nets beside @tensorflow/tfjs-backend-webgpu, in turns, in one page of headless
// Chromium, on one adapter: npm --prefix bench/gpu install && node bench/gpu/main.mjs [--batch 4] [--rounds 5] [--nets caffenet,resnet50] [--warmups 2] [--each]
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { values } = parseArgs({
  options: {
    batch: { type: "string", default: "4" },
    rounds: { type: "string", default: "5" },
    nets: { type: "string", default: "lenet,cifar10_quick" },
    warmups: { type: "string", default: "2" },
    hardware: { type: "boolean", default: false },
    // Each step's time as it comes, those of the warming up too: large nets take minutes on a software adapter.
    each: { type: "boolean", default: false },
  },
});
const [batch, rounds] = [Number(values.batch), Number(values.rounds)];

const { outputFiles } = await build({
  entryPoints: [`${HERE}page.mjs`],
  bundle: true,
  write: false,
  format: "esm",
  platform: "browser",
  minify: true,
  logLevel: "error",
});
const script = outputFiles[0].text;
const server = createServer((request, response) => {
  const isScript = request.url === "/page.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? script : '<script type="module" src="/page.js"></script>');
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--enable-unsafe-webgpu",
    ...(values.hardware ? [] : ["--use-webgpu-adapter=swiftshader"]),
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
});
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
let isSlower = false;
try {
  const page = await browser.newPage();
  page.on("console", (line) => {
    if (values.each && line.type() === "info") console.log(line.text());
  });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction("globalThis.bench");
  for (const name of values.nets.split(",")) {
    const text = readFileSync(`${HERE}../nets/${name}.prototxt`, "utf8");
    const [, written] = /shape \{ dim: (\d+)/.exec(text);
    const net = text.replaceAll(
      new RegExp(`dim: ${written}(?= dim: [13] |\\s*\\})`, "g"),
      `dim: ${batch}`,
    );
    const times = await page.evaluate(
      (args) => globalThis.bench(...args),
      [name, net, batch, rounds, Number(values.warmups)],
    );
    const [ours, tfjs] = [median(times.ours), median(times.tfjs)];
    isSlower ||= ours >= tfjs;
    console.log(
      `${name}, batch ${batch}: ours ${ours.toFixed(0)} ms (least ${Math.min(...times.ours).toFixed(0)}), tfjs ${tfjs.toFixed(0)} ms (least ${Math.min(...times.tfjs).toFixed(0)}), ${(tfjs / ours).toFixed(2)} times as fast`,
    );
  }
} finally {
  await browser.close();
  server.close();
}
process.exitCode = isSlower ? 1 : 0;
