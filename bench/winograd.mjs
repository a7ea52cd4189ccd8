// Every 3×3 and 5×5 convolution that moves by one, of six nets, by each algorithm: oneDNN's own and ours.
// npm run bench:winograd -- [--threads 2] [--batch 0] [--rounds 5] [--net NAME] [--only LAYER] [--direction NAME] [--clock cpu]
// Prints a table in Markdown: the least milliseconds of each way and direction, taking turns.
import { parseArgs } from "node:util";
import { loadAddon } from "../dist/engines/native/binding.js";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    batch: { type: "string", default: "0" },
    rounds: { type: "string", default: "5" },
    net: { type: "string", default: "" },
    clock: { type: "string", default: "wall" },
    direction: { type: "string", default: "" },
    only: { type: "string", default: "" },
  },
});

/** Batch as in bench/nets, then [name, input channels, output channels, side of the input, of the window (3), padding (half of it)]; one of groups that are alike. */
const NETS = {
  vgg16: [
    8,
    ["conv1_2", 64, 64, 224],
    ["conv2_1", 64, 128, 112],
    ["conv2_2", 128, 128, 112],
    ["conv3_1", 128, 256, 56],
    ["conv3_2", 256, 256, 56],
    ["conv4_1", 256, 512, 28],
    ["conv4_2", 512, 512, 28],
    ["conv5_1", 512, 512, 14],
  ],
  resnet50: [
    16,
    ["res2", 64, 64, 56],
    ["res3", 128, 128, 28],
    ["res4", 256, 256, 14],
    ["res5", 512, 512, 7],
  ],
  googlenet: [
    32,
    ["conv2", 64, 192, 56],
    ["3a", 96, 128, 28],
    ["3b", 128, 192, 28],
    ["4a", 96, 208, 14],
    ["4b", 112, 224, 14],
    ["4c", 128, 256, 14],
    ["4d", 144, 288, 14],
    ["4e", 160, 320, 14],
    ["5a", 160, 320, 7],
    ["5b", 192, 384, 7],
    ["3a 5x5", 16, 32, 28, 5],
    ["3b 5x5", 32, 96, 28, 5],
    ["4e 5x5", 32, 128, 14, 5],
    ["5b 5x5", 48, 128, 7, 5],
  ],
  lenet: [64, ["conv2", 20, 50, 12, 5, 0]],
  cifar10_quick: [100, ["conv2", 32, 32, 16, 5], ["conv3", 32, 64, 8, 5]],
  caffenet: [32, ["conv2", 48, 128, 27, 5]],
};
const WAYS = ["oneDNN direct", "oneDNN Winograd", "ours F(4×4)", "ours F(2×2)"];

const addon = loadAddon();
addon.setThreads(Number(values.threads));

function filled(count) {
  const memory = new addon.Store(count);
  const noise = new Float32Array(count);
  addon.uniform(count, -1, 1, 1, 1, noise);
  addon.copy(count, noise, memory);
  return memory;
}

/** A run of one direction by one algorithm; undefined where it does not exist. */
function workOf(make) {
  try {
    const primitive = make();
    const buffers = Object.values(primitive.layouts).map(({ stored }) => filled(stored));
    if (primitive.scratch > 0) buffers.push(new addon.Store(primitive.scratch));
    return () => primitive.run(...buffers);
  } catch {
    return undefined;
  }
}

const now =
  values.clock === "cpu"
    ? () => (process.cpuUsage().user + process.cpuUsage().system) / 1e3
    : () => performance.now();
const timed = (run) => {
  const since = now();
  run();
  return now() - since;
};

console.log(`oneDNN ${addon.version}, ${values.threads} threads; ms\n`);
console.log(`| layer | direction | ${WAYS.join(" | ")} | ours against the best |`);
console.log(`| --- | --- | ${WAYS.map(() => "---").join(" | ")} | --- |`);
for (const [net, [usual, ...layers]] of Object.entries(NETS)) {
  if (!net.includes(values.net)) continue;
  const batch = Number(values.batch) || usual;
  for (const [name, ic, oc, side, window = 3, pad = (window - 1) / 2] of layers) {
    if (!name.includes(values.only)) continue;
    const out = side + 2 * pad - window + 1;
    const shapes = {
      src: [batch, ic, side, side],
      weights: [oc, ic, window, window],
      dst: [batch, oc, out, out],
      stride: [1, 1],
      padLeft: [pad, pad],
      padRight: [pad, pad],
      dilation: [1, 1],
      hasBias: true,
      isSmall: false,
    };
    const none = Number.NaN;
    const directions = {
      forward: [
        (s) => addon.convolutionForward(s, 0, none, false),
        (s, tile) => addon.winogradForward(s, tile, addon.lanes, 0, none, false),
      ],
      data: [
        (s) => addon.convolutionBackwardData(s),
        (s, tile) => addon.winogradBackwardData(s, tile, addon.lanes),
      ],
      weights: [
        (s) => addon.convolutionBackwardWeights(s),
        (s, tile) => addon.winogradBackwardWeights(s, tile, addon.lanes),
      ],
    };
    for (const [direction, [theirs, ours]] of Object.entries(directions)) {
      if (!direction.includes(values.direction)) continue;
      const works = [
        workOf(() => theirs({ ...shapes, algorithm: "direct" })),
        workOf(() => theirs({ ...shapes, algorithm: "winograd" })),
        workOf(() => ours({ ...shapes, algorithm: "direct" }, 4)),
        workOf(() => ours({ ...shapes, algorithm: "direct" }, 2)),
      ];
      const best = WAYS.map(() => Number.POSITIVE_INFINITY);
      for (const run of works) run?.();
      for (let round = 0; round < Number(values.rounds); round++) {
        works.forEach((run, i) => {
          if (run) best[i] = Math.min(best[i], timed(run));
        });
      }
      const [library, own] = [Math.min(best[0], best[1]), Math.min(best[2], best[3])];
      const cells = best.map((ms) => (Number.isFinite(ms) ? ms.toFixed(2) : "–"));
      console.log(
        `| ${net} ${name} ${ic}→${oc} ${side}² ×${batch} | ${direction} | ${cells.join(" | ")} | ${(library / own).toFixed(2)} |`,
      );
    }
  }
}
