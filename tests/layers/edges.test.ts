// Empty blobs, no axes, odd parameters: every layer on the edge of what its fields take.
import { describe, expect, test } from "vitest";
import type { LayerParameter } from "../../src/io/proto/caffe.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { countOf, type Shape } from "../../src/util/shape.ts";
import { checkCase, type Ways } from "../fuzz/nets/check-case.ts";
import type { FuzzCase, Given } from "../fuzz/nets/fuzz-case.ts";
import { runCase } from "../fuzz/nets/run-case.ts";
import { inputLayer } from "../fuzz/nets/sketch.ts";
import { bottomsOf, configurations, type Row } from "../support/configurations.ts";
import { describeEngines, referenceEngines } from "../support/engines.ts";
import { noise } from "../support/nets.ts";

/** What becomes of the shape of a bottom. */
const edges: Readonly<Record<string, (shape: Shape) => Shape>> = {
  "a number without axes": () => [],
  "no elements": (shape) => shape.with(0, 0),
  "no elements on the last axis": (shape) => shape.with(-1, 0),
  "five axes": (shape) => [...shape, 1, 1, 1, 1, 1].slice(0, 5),
  "five axes, the first ones of length 1": (shape) => [1, 1, 1, 1, 1, ...shape].slice(-5),
};

/** A net of one layer as a row has it, with bottoms of other shapes. */
function netOfRow(type: string, row: Row, change: (shape: Shape) => Shape): FuzzCase {
  const { shapes, inputs } = bottomsOf(row);
  const given = shapes.map((old, i): [string, Given] => {
    const shape = change(old);
    const values = inputs[i] ?? noise(Math.max(1, countOf(old)), 7 + i);
    const fitted = Array.from({ length: countOf(shape) }, (_, at) => values[at % values.length]);
    return [String.fromCharCode(97 + i), { shape, values: fitted.map((x) => Math.fround(x ?? 0)) }];
  });
  // In a net, where it is known which fields the layer's type obeys.
  const [written] =
    parsePrototxt("NetParameter", `layer { type: "${type}" ${row[0]} }`).layer ?? [];
  const { phase = "TRAIN", ...layer } = written as LayerParameter;
  return {
    seed: 1,
    phase,
    param: {
      force_backward: true,
      layer: [
        ...given.map(([name, { shape }]) => inputLayer({ name, shape })),
        { ...layer, name: "t", type },
      ],
    },
    passes: [{ inputs: Object.fromEntries(given), accumulates: false }],
  };
}

/** Layers whose own shape comes from their parameters. */
const types = Object.entries(configurations).filter(([type]) => type !== "Parameter");
let taken = 0;

describeEngines("a layer on the edge", (engines, name) => {
  const ways: Ways = new Map([[name, { engines }]]);

  describe.each(Object.entries(edges))("%s", (_, change) => {
    test.each(types)(
      "%s computes it as the reference does, or refuses it as that does",
      async (type, rows) => {
        // A GPU takes its time; its kernels differ less from row to row than shapes do.
        for (const row of name === "webgpu" ? rows.slice(0, 2) : rows) {
          const one = netOfRow(type, row, change);
          expect(await checkCase(one, ways, name), row[0]).toBeUndefined();
          const { error } = await runCase(one, { engines: referenceEngines });
          if (error) expect(error.name, error.message).toBe("LayerError");
          else taken++;
        }
      },
    );
  });
});

test("more than 600 of these uses are taken, not refused", () => {
  expect(taken).toBeGreaterThan(600);
});
