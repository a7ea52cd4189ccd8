// A step of a net on the wasm engine and on the reference engine, with relaxed SIMD switched on: load.test.ts runs it.

import { fused } from "../../../dist/engines/wasm/module.js";
import { createEngines, Net } from "../../../dist/index.js";

const text = `
  layer { name: "x" type: "DummyData" top: "x"
          dummy_data_param { shape { dim: 5 dim: 3 dim: 17 dim: 19 } data_filler { type: "gaussian" std: 1 } } }
  layer { name: "c" type: "Convolution" bottom: "x" top: "c"
          convolution_param { num_output: 13 kernel_size: 3 weight_filler { type: "gaussian" std: 0.2 } } }
  layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "i" type: "InnerProduct" bottom: "c" top: "i" loss_weight: 1
          inner_product_param { num_output: 7 weight_filler { type: "gaussian" std: 0.05 } } }`;

async function step(prefer) {
  const net = Net.parse(text, { seed: 1701, engines: createEngines({ prefer, log: () => {} }) });
  await net.forward();
  await net.backward();
  const results = [
    net.blob("i").values(),
    ...net.learnableParams.map(({ blob }) => blob.diffValues()),
  ];
  return results.flatMap((values) => [...values]);
}

const [wasm, reference] = [await step("wasm"), await step("reference")];
const isClose = (x, i) => Math.abs(x - reference[i]) <= 2e-5 * Math.max(1, Math.abs(reference[i]));
const knows = WebAssembly.validate(Uint8Array.from(atob(fused), (letter) => letter.charCodeAt(0)));
process.stdout.write(JSON.stringify({ knows, agrees: wasm.every(isClose), results: wasm }));
