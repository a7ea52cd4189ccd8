import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const addon = fileURLToPath(new URL("../../build/Release/caffe_images.node", import.meta.url));

/** Ends threads at each moment of loading the addon, as closing a net does that has just opened its data. */
const SCRIPT = `
  import { once } from "node:events";
  import { Worker } from "node:worker_threads";
  const thread = "import { parentPort } from 'node:worker_threads'; parentPort.postMessage(0);" +
    "process.dlopen({ exports: {} }, " + ${JSON.stringify(JSON.stringify(addon))} + ");";
  for (let i = 0; i < 100; i++) {
    const worker = new Worker(thread, { eval: true });
    await once(worker, "message");
    for (const end = performance.now() + (i % 20) * 0.04; performance.now() < end; );
    await worker.terminate();
  }
  console.log("whole");`;

test.skipIf(!existsSync(addon))("a thread that ends while the addon is loaded ends alone", () => {
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", SCRIPT], {
    encoding: "utf8",
  });
  expect([run.status, run.signal, run.stderr, run.stdout]).toEqual([0, null, "", "whole\n"]);
});
