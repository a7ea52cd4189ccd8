// Passes of a net in this thread and in three others, of which one is ended in the middle: threads.test.ts runs it.
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { Net } from "../../../dist/index.js";

const text = `
  layer { name: "x" type: "DummyData" top: "x"
          dummy_data_param { shape { dim: 2 dim: 3 dim: 16 dim: 16 } data_filler { type: "gaussian" std: 1 } } }
  layer { name: "c" type: "Convolution" bottom: "x" top: "c"
          convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 stride: 2 } }`;

async function passes(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const net = Net.parse(text, { seed: 1701 });
    for (let pass = 0; pass < 5; pass++) {
      await net.forward();
      await net.backward();
    }
    sum = net
      .blob("p")
      .values()
      .reduce((a, b) => a + b, 0);
    net.close();
  }
  return sum;
}

async function compare() {
  const start = () => new Worker(new URL(import.meta.url));
  const answers = [start(), start()].map(
    (worker) =>
      new Promise((done, fail) => {
        worker.on("message", done);
        worker.on("error", fail);
      }),
  );
  const ended = start();
  const own = await passes(20);
  await ended.terminate();
  const others = await Promise.all(answers);
  const areAlike = own !== 0 && others.every((sum) => sum === own);
  process.stdout.write(areAlike ? "alike\n" : `${[own, ...others]}\n`);
}

if (isMainThread) await compare();
else parentPort.postMessage(await passes(20));
