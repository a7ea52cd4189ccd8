// Measures what a rank of one thread does in an iteration, layer by layer, and prints it as JSON (NetTimes of
// scale-model.ts): medians of so many passes. Run as: node layer-times.mjs NET BATCH STEPS
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { createEngines } from "../../dist/engines/create.js";
import { Solver } from "../../dist/solvers/solver.js";

/** Gradients of inner products with at least so many elements are kept as factors: native/factored-gradient.ts. */
const LEAST_FACTORED = 1 << 20;

const [, , path, batch, steps] = process.argv;
const text = readFileSync(path, "utf8")
  .replace(/shape\s*\{\s*dim:\s*\d+/g, `shape { dim: ${batch}`)
  .replace(/data_filler\s*\{\s*type:\s*"gaussian"/g, 'data_filler { type: "constant" value: 0.5');
const solver = Solver.parse(
  `net_param { ${text} } base_lr: 1e-5 lr_policy: "fixed" momentum: 0.9 weight_decay: 5e-4`,
  { engines: createEngines({ prefer: "native", threads: 1 }), sharesMemory: true },
);
const { net } = solver;
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

// What is fastest is found in the first steps.
await solver.step(3);
const whole = [];
for (let i = 0; i < Number(steps); i++) {
  const begun = performance.now();
  await solver.step(1);
  whole.push(performance.now() - begun);
}

const taken = net.layers.map(() => ({ forward: [], backward: [] }));
let since = 0;
const begin = () => {
  since = performance.now();
};
const end = (direction) => (i) => taken[i][direction].push(performance.now() - since);
net.beforeForward.push(begin);
net.afterForward.push(end("forward"));
net.beforeBackward.push(begin);
net.afterBackward.push(end("backward"));
for (let i = 0; i < Number(steps); i++) {
  await net.forward();
  net.clearParamDiffs();
  await net.backward();
}

const passes = taken.map(({ forward, backward }) => ({
  forward: median(forward),
  backward: median(backward),
}));
const elements = net.layers.map(({ blobs }) => blobs.map((blob) => blob.count()));
const all = elements.flat().reduce((total, count) => total + count, 0);
// Updates take what a step takes more than its passes, and each its share by its elements.
const updates = Math.max(
  0,
  median(whole) - passes.reduce((total, { forward, backward }) => total + forward + backward, 0),
);
const layers = net.layers.map(({ blobs, param: { type } }, i) => ({
  name: net.layerNames[i],
  ...passes[i],
  update: (updates * elements[i].reduce((total, count) => total + count, 0)) / all,
  // Statistics of a BatchNorm are no gradients.
  gradients: (type === "BatchNorm" ? [] : blobs).map((blob) => {
    const [rows, columns] = blob.shape;
    const isFactored =
      type === "InnerProduct" && blob.shape.length === 2 && blob.count() >= LEAST_FACTORED;
    return {
      elements: blob.count(),
      ...(isFactored && { factors: Number(batch) * (rows + columns) }),
    };
  }),
}));
console.log(JSON.stringify({ net: basename(path, ".prototxt"), batch: Number(batch), layers }));
solver.close();
