import { expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import type { Severity } from "../../../src/util/log.ts";
import { netOf } from "../../support/nets.ts";

/** A net whose numbers can be checked by eye; its log without the lines of building it. */
function debugged(lines: string[], severities: Severity[] = []): Net {
  const text = `debug_info: true
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 weight_filler { value: 0.5 } bias_filler { value: -3 } } param { name: "w" } propagate_down: true }
    layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" relu_param { negative_slope: 0.5 } }
    layer { name: "sum" type: "Reduction" bottom: "ip" top: "sum" loss_weight: 2 }`;
  const net = netOf(text, {
    log: (severity, source, message) => {
      lines.push(`${source}] ${message}`);
      severities.push(severity);
    },
  });
  net.blob("data").dataMem.overwriteCpu().set([4, 0]);
  lines.length = 0;
  severities.length = 0;
  return net;
}

const FORWARD = [
  "net]     [Forward] Layer data, top blob data data: 2",
  // 0.5 · 4 − 3 = −1, before the ReLU behind it works on the same blob.
  "net]     [Forward] Layer ip, top blob ip data: 1",
  "net]     [Forward] Layer ip, param blob w data: 0.5",
  "net]     [Forward] Layer ip, param blob 1 data: 3",
  "net]     [Forward] Layer relu, top blob ip data: 0.5",
  "net]     [Forward] Layer sum, top blob sum data: 1",
];

const BACKWARD = [
  "net]     [Backward] Layer sum, bottom blob ip diff: 2",
  "net]     [Backward] Layer relu, bottom blob ip diff: 1",
  "net]     [Backward] Layer ip, bottom blob data diff: 1",
  "net]     [Backward] Layer ip, param blob 0 diff: 2",
  "net]     [Backward] Layer ip, param blob 1 diff: 1",
];

// Weights 4 × 0.5 and 2 × −3; gradients 4, 0, 4, 0 and 1, 1.
const NORMS =
  "net]     [Backward] All net params (data, diff): L1 norm = (8, 10); L2 norm = (4.3589, 5.83095)";

test("debug_info tells the mean size of everything that passes, in Caffe's lines", async () => {
  const [lines, severities]: [string[], Severity[]] = [[], []];
  const net = debugged(lines, severities);
  await net.forward();
  expect(lines).toEqual(FORWARD);
  lines.length = 0;
  severities.length = 0;
  net.clearParamDiffs();
  await net.backward();
  expect(lines).toEqual([...BACKWARD, NORMS]);
  expect(severities).toEqual([...BACKWARD.map(() => "info"), "error"]);
});

test("a part of the net tells about itself only, and gives no norms of the whole", async () => {
  const lines: string[] = [];
  const net = debugged(lines);
  await net.forward();
  lines.length = 0;
  await net.forward(1, 1);
  expect(lines).toEqual(FORWARD.slice(1, 4));
  lines.length = 0;
  await net.forward();
  net.clearParamDiffs();
  lines.length = 0;
  await net.backward(3, 2);
  expect(lines).toEqual(BACKWARD.slice(0, 2));
  lines.length = 0;
  await net.backward(1);
  expect(lines).toEqual(BACKWARD.slice(2));
});

test("it can be turned off", async () => {
  const lines: string[] = [];
  const net = debugged(lines);
  net.debugInfo = false;
  await net.forwardBackward();
  expect(lines).toEqual([]);
});
