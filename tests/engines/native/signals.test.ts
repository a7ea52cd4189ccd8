// A signal that comes while native code runs.
import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { availableEngines } from "../../support/engines.ts";

/** Whose addon it is that has to stand them: that which `CAFFE_ADDONS` names, too. */
const loader = new URL("../../../dist/addons/addon-file.js", import.meta.url).href;

/** Multiplies matrices for two seconds while signals come that it handles. */
const SCRIPT = `
  import { loadAddonFile } from ${JSON.stringify(loader)};
  const { gemm, setThreads } = loadAddonFile("caffe_native");
  setThreads(2);
  let signals = 0;
  process.on("SIGWINCH", () => signals++);
  const [m, n, k] = [64, 500, 800];
  const [a, b, c] = [m * k, k * n, m * n].map((count) => new Float32Array(count).fill(1));
  console.log("begun");
  for (const end = performance.now() + 2000; performance.now() < end; ) {
    for (let i = 0; i < 50; i++) gemm(false, false, m, n, k, 1, a, k, b, n, 0, c);
    await new Promise(setImmediate);
  }
  console.log(signals > 10, c.every((value) => value === k));`;

test.skipIf(!availableEngines.has("native"))(
  "a signal during a matrix product leaves the memory of others alone",
  async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", SCRIPT]);
    let output = "";
    const ended = new Promise((resolve) => {
      child.on("close", (code, signal) => resolve([code, signal]));
    });
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    const timer = setInterval(() => {
      if (output.startsWith("begun")) child.kill("SIGWINCH");
    }, 1);
    const how = await ended;
    clearInterval(timer);
    expect([how, output]).toEqual([[0, null], "begun\ntrue true\n"]);
  },
);
