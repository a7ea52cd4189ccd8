import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { drawnNetOf } from "../../src/draw/drawn-net.ts";
import { netGraphOf } from "../../src/draw/net-graph.ts";
import { netPicture } from "../../src/draw/net-picture.ts";
import type { Picture, Point, Rectangle } from "../../src/draw/picture/picture.ts";
import { foldRepeats } from "../../src/draw/repeats.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { filterByState } from "../../src/net/build/state.ts";
import { silent } from "../../src/util/log.ts";

/** Outlines of boxes: they have no colour of their own. */
function boxesOf({ shapes }: Picture): Rectangle[] {
  return shapes.filter(
    (shape): shape is Rectangle => shape.kind === "rectangle" && shape.fill === undefined,
  );
}

function textsOf({ shapes }: Picture): string[] {
  return shapes.flatMap((shape) => (shape.kind === "words" ? [shape.text] : []));
}

/** What is wrong with a picture: what is drawn outside of it, and boxes that lie over another. */
function faultsOf(picture: Picture): unknown[] {
  const isOutside = ([x, y]: Point): boolean =>
    !(x >= 0 && y >= 0 && x <= picture.width && y <= picture.height);
  const outside = picture.shapes.filter((shape) => {
    if (shape.kind === "path") return [shape.from, ...shape.steps.flat()].some(isOutside);
    if (shape.kind === "words") return isOutside([shape.x, shape.y]);
    const { x, y, width, height } = shape;
    return isOutside([x, y]) || isOutside([x + width, y + height]);
  });
  const boxes = boxesOf(picture);
  const over = boxes.filter((a, i) =>
    boxes
      .slice(i + 1)
      .some(
        (b) =>
          a.x < b.x + b.width &&
          b.x < a.x + a.width &&
          a.y < b.y + b.height &&
          b.y < a.y + a.height,
      ),
  );
  return [...outside, ...over];
}

const nets = readdirSync("models")
  .flatMap((model) =>
    readdirSync(join("models", model), { withFileTypes: true }).map(({ name }) =>
      join("models", model, name),
    ),
  )
  .filter((path) => path.endsWith(".prototxt") && !path.includes("solver"));

test.each(nets)("%s is drawn, no wider than a screen, and nothing over anything", (path) => {
  const state = { phase: "TEST", level: 0, stages: [] } as const;
  const param = filterByState(readNetParameter(path), state, silent);
  const graph = netGraphOf(drawnNetOf(param), undefined);
  const picture = netPicture(foldRepeats(graph), "net", {});
  expect(faultsOf(picture)).toEqual([]);
  expect(picture.width).toBeLessThan(1850);
  expect(picture.height).toBeLessThan(3000);
});

describe("a net of its own", () => {
  const chain = Array.from(
    { length: 30 },
    (_, i) =>
      `layer { name: "conv${i}" type: "Convolution" bottom: "${i === 0 ? "data" : `conv${i - 1}`}" top: "conv${i}"
        convolution_param { num_output: ${i + 1} kernel_size: 3 } }`,
  );
  const long = netGraphOf(
    drawnNetOf(
      parsePrototxt(
        "NetParameter",
        `layer { name: "in" type: "Data" top: "data" top: "label" } ${chain.join(" ")}
       layer { name: "side" type: "Power" bottom: "conv3" top: "side" }
       layer { name: "sum" type: "Eltwise" bottom: "conv29" bottom: "side" top: "sum" }
       layer { name: "loss" type: "SoftmaxWithLoss" bottom: "sum" bottom: "label" top: "loss" }`,
      ),
    ),
    undefined,
  );

  test("flows each way, in rows and in one", () => {
    for (const rankdir of ["LR", "RL", "TB", "BT"] as const) {
      for (const wrap of [0, 1, 700, 1700]) {
        const picture = netPicture(long, "net", { rankdir, wrap });
        expect(faultsOf(picture)).toEqual([]);
        expect(boxesOf(picture)).toHaveLength(34);
        const [first, last] = [boxesOf(picture)[0], boxesOf(picture)[1]] as [Rectangle, Rectangle];
        // The first box is the source, the second reads it.
        if (rankdir === "LR") expect(wrap === 1 || last.x > first.x).toBe(true);
        if (rankdir === "RL") expect(wrap === 1 || last.x < first.x).toBe(true);
        if (rankdir === "TB") expect(last.y > first.y).toBe(true);
        if (rankdir === "BT") expect(last.y < first.y).toBe(true);
        if (wrap >= 700) expect(picture.width).toBeLessThan(1.1 * wrap);
        const alongside = rankdir === "LR" || rankdir === "RL";
        if (wrap === 0) expect(alongside ? picture.width : picture.height).toBeGreaterThan(1900);
      }
    }
  });

  test("names what is cut: a wire that skips rows has its name at both ends", () => {
    const names = textsOf(netPicture(long, "net", { wrap: 700 }));
    expect(names.filter((name) => name === "label")).toHaveLength(2);
    expect(names.filter((name) => name === "side")).toHaveLength(3);
    // In one row it is drawn through, and named where it leaves a box that makes several.
    const whole = textsOf(netPicture(long, "net", { wrap: 0 }));
    expect(whole.filter((name) => name === "label")).toHaveLength(1);
    expect(whole.filter((name) => name === "side")).toHaveLength(1);
  });

  test("of no layers is empty, and a long name is cut in the middle", () => {
    const none = netPicture(netGraphOf(drawnNetOf({}), undefined), "net", {});
    expect(none.shapes).toEqual([]);
    const name = `${"a".repeat(100)}\u0007${"b".repeat(100)}`;
    const one = netGraphOf(drawnNetOf({ layer: [{ name, type: "Input", top: ["x"] }] }), undefined);
    const texts = textsOf(netPicture(one, "net", {}));
    expect(texts).toContain(`${"a".repeat(22)}…${"b".repeat(21)}`);
    expect(texts).toContain("top x");
  });
});
