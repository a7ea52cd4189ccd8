// Loads the addons that CAFFE_ADDONS names, and trains a small net with them; ends with 1 where one fails.

import { loadAddonFile } from "../../src/addons/addon-file.ts";
import { createEngines, L, NetSpec, Solver } from "../../src/index.ts";

const bridge = process.platform === "win32" ? [] : ["caffe_bridge"];
for (const name of ["caffe_native", "caffe_images", ...bridge]) loadAddonFile(name);

const [data, label] = L.DummyData({
  ntop: 2,
  shape: [{ dim: [8, 1, 12, 12] }, { dim: [8] }],
  data_filler: [
    { type: "gaussian", std: 1 },
    { type: "constant", value: 1 },
  ],
});
const conv = L.Convolution(data, {
  num_output: 8,
  kernel_size: 3,
  weight_filler: { type: "xavier" },
});
const pool = L.Pooling(conv, { pool: "MAX", kernel_size: 2, stride: 2 });
const ip = L.InnerProduct(pool, { num_output: 2, weight_filler: { type: "xavier" } });
const net_param = new NetSpec({
  data,
  label,
  conv,
  pool,
  ip,
  loss: L.SoftmaxWithLoss(ip, label),
}).toProto();
const solver = new Solver(
  { net_param, base_lr: 0.1, lr_policy: "fixed", max_iter: 20, random_seed: 1 },
  { engines: createEngines({ prefer: "native" }) },
);
const losses: number[] = [];
for await (const { loss } of solver) losses.push(loss);
const [first = 0, last = 0] = [losses[0], losses.at(-1)];
solver.close();
if (!(last < first / 2))
  throw new Error(`a net does not learn: its loss goes from ${first} to ${last}.`);
console.log(`the native engine trains: loss ${first.toFixed(3)} to ${last.toFixed(3)}`);
