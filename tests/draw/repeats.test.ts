import { expect, test } from "vitest";
import { drawnNetOf } from "../../src/draw/drawn-net.ts";
import { netGraphOf } from "../../src/draw/net-graph.ts";
import { foldRepeats } from "../../src/draw/repeats.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import type { Shape } from "../../src/util/shape.ts";

/** Residual blocks behind one another: each reads what the one before made, `outputs` wide. */
function residual(outputs: readonly number[], more = ""): string {
  const blocks = outputs.map(
    (count, i) => `
     layer { name: "conv${i}" type: "Convolution" bottom: "sum${i - 1}" top: "conv${i}"
       convolution_param { num_output: ${count} kernel_size: 1 } }
     layer { name: "relu${i}" type: "ReLU" bottom: "conv${i}" top: "conv${i}" }
     layer { name: "sum${i}" type: "Eltwise" bottom: "sum${i - 1}" bottom: "conv${i}" top: "sum${i}" }`,
  );
  return `layer { name: "sum-1" type: "Input" top: "sum-1" }${blocks.join("")}${more}`;
}

function folded(text: string, shapes?: ReadonlyMap<string, Shape>): ReturnType<typeof foldRepeats> {
  return foldRepeats(netGraphOf(drawnNetOf(parsePrototxt("NetParameter", text)), shapes));
}

const names = ({ nodes }: ReturnType<typeof foldRepeats>): (string | undefined)[] =>
  nodes.map(({ parts }) => parts[0]?.name);

test("a layer in place stands in the box of what it works on", () => {
  const { nodes, edges, outputs } = netGraphOf(
    drawnNetOf(parsePrototxt("NetParameter", residual([4]))),
    undefined,
  );
  expect(nodes.map(({ parts }) => parts.map(({ name }) => name))).toEqual([
    ["sum-1"],
    ["conv0", "relu0"],
    ["sum0"],
  ]);
  expect(edges).toEqual([
    { from: 0, to: 1, blob: "sum-1" },
    { from: 0, to: 2, blob: "sum-1" },
    { from: 1, to: 2, blob: "conv0" },
  ]);
  expect(outputs).toEqual([{ blob: "sum0", from: 2 }]);
});

test("what another has read before, or a source has made, is no box's own", () => {
  const read = `layer { name: "d" type: "Input" top: "d" } layer { name: "a" type: "ReLU" bottom: "d" top: "d" }
    layer { name: "b" type: "Power" bottom: "d" top: "b" } layer { name: "c" type: "Power" bottom: "b" top: "c" }
    layer { name: "e" type: "ReLU" bottom: "b" top: "b" }`;
  const { nodes, outputs } = netGraphOf(drawnNetOf(parsePrototxt("NetParameter", read)), undefined);
  expect(nodes).toHaveLength(5);
  expect(outputs.map(({ blob }) => blob)).toEqual(["b", "c"]);
});

test("blocks that say the same are drawn once, with their number; another width ends them", () => {
  const graph = folded(residual([4, 8, 8, 8, 8, 2]));
  expect(names(graph)).toEqual(["sum-1", "conv0", "sum0", "conv1", "sum1", "conv5", "sum5"]);
  expect(graph.folds).toEqual([{ nodes: [3, 4], count: 4, first: "conv1", last: "conv4" }]);
  // What comes behind the last block comes behind the one that is drawn.
  expect(graph.edges.slice(-4)).toEqual([
    { from: 3, to: 4, blob: "conv1" },
    { from: 4, to: 5, blob: "sum4" },
    { from: 4, to: 6, blob: "sum4" },
    { from: 5, to: 6, blob: "conv5" },
  ]);
  expect(graph.outputs).toEqual([{ from: 6, blob: "sum5" }]);
});

test("a block that another layer reads from is the last of its fold", () => {
  const tap = 'layer { name: "tap" type: "Power" bottom: "sum3" top: "tap" }';
  const graph = folded(residual([8, 8, 8, 8, 8, 8], tap));
  expect(graph.folds).toEqual([{ nodes: [1, 2], count: 4, first: "conv0", last: "conv3" }]);
  expect(names(graph)).toEqual(["sum-1", "conv0", "sum0", "conv4", "sum4", "conv5", "sum5", "tap"]);
  const inside = 'layer { name: "tap" type: "Power" bottom: "conv2" top: "tap" }';
  expect(folded(residual([8, 8, 8, 8], inside)).folds[0]?.count).toBe(3);
});

test("two of a kind, and a few boxes, stay as they are", () => {
  expect(folded(residual([8, 8])).folds).toEqual([]);
  expect(folded("").nodes).toEqual([]);
  expect(folded('layer { name: "x" type: "Input" top: "x" }').folds).toEqual([]);
});

test("shapes that change from block to block are told from first to last", () => {
  const shapes = new Map<string, Shape>();
  for (let i = 0; i < 4; i++) shapes.set(`conv${i}`, [1, 8 + i, 5]).set(`sum${i}`, [1, 8, 5]);
  const { nodes } = folded(residual([8, 8, 8, 8]), shapes);
  expect(nodes.slice(1).map(({ tops }) => tops[0]?.shape)).toEqual(["1×8…11×5", "1×8×5"]);
});
