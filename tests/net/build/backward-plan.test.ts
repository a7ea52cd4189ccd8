import { describe, expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import { keptLog, netOf } from "../../support/nets.ts";

const input =
  'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } } layer { name: "lab" type: "Input" top: "label" input_param { shape { dim: 2 } } }';
const ip = (name: string, bottom: string, more = ""): string =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } ${more} }`;
const loss = (bottom: string): string =>
  `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "${bottom}" bottom: "label" top: "loss" }`;
const frozen = "param { lr_mult: 0 } param { lr_mult: 0 }";

/** Which layers run backward, and which of their bottoms get a gradient. */
const plan = (net: Net): Record<string, readonly boolean[] | false> =>
  Object.fromEntries(
    net.layerNames.map((name, i) => [
      name,
      net.layerNeedsBackward[i] ? (net.bottomNeedsBackward[i] ?? []) : false,
    ]),
  );

describe("the backward plan", () => {
  test("a layer needs backward where it learns, or something below it does", () => {
    const net = netOf(
      `${input} ${ip("a", "data", frozen)} ${ip("b", "a")} ${ip("c", "b", frozen)} ${loss("c")}`,
    );
    expect(plan(net)).toEqual({
      in: false,
      lab: false,
      a: false,
      b: [false],
      c: [true],
      loss: [true, false],
    });
  });

  test("nothing needs it where all is frozen, or where there is no loss", () => {
    expect(plan(netOf(`${input} ${ip("a", "data", frozen)} ${loss("a")}`))).toMatchObject({
      a: false,
      loss: false,
    });
    expect(
      plan(
        netOf(
          `${input} ${ip("a", "data")} layer { name: "s" type: "Silence" bottom: "a" bottom: "label" }`,
        ),
      ),
    ).toMatchObject({ a: false, s: false });
  });

  test("one frozen parameter of two is enough", () => {
    const net = netOf(`${input} ${ip("a", "data", "param { lr_mult: 0 }")} ${loss("a")}`);
    expect(plan(net)).toMatchObject({ a: [false] });
    expect(net.layers[net.layerNames.indexOf("a")]?.paramPropagateDown).toEqual([false, true]);
  });

  test("a branch beside the loss is left out", () => {
    const net = netOf(
      `${input} ${ip("a", "data")} ${ip("b", "a")} ${ip("c", "a")} ${loss("b")} layer { name: "argmax" type: "ArgMax" bottom: "c" top: "best" }`,
    );
    expect(plan(net)).toMatchObject({
      a: [false],
      b: [true],
      c: false,
      argmax: false,
      a_a_0_split: [true],
    });
  });

  test("propagate_down takes the gradient of a bottom away, and of all below that learn for nothing else", async () => {
    const net = netOf(
      `${input} ${ip("a", "data")} ${ip("b", "a", "propagate_down: false")} ${loss("b")}`,
    );
    expect(plan(net)).toMatchObject({ a: false, b: [false], loss: [true, false] });
    await net.forwardBackward();
    expect(
      net
        .blob("a")
        .diffValues()
        .every((x) => x === 0),
    ).toBe(true);
  });

  test("propagate_down: true asks for a gradient that nobody below needs", async () => {
    const net = netOf(`${input} ${ip("a", "data", "propagate_down: true")} ${loss("a")}`);
    expect(plan(net)).toMatchObject({ a: [true] });
    net.blob("data").dataMem.overwriteCpu().set([1, 2, 3, 4, 5, 6]);
    await net.forwardBackward();
    expect(
      net
        .blob("data")
        .diffValues()
        .some((x) => x !== 0),
    ).toBe(true);
  });

  test("propagate_down wants one value for each bottom", () => {
    expect(() => netOf(`${input} ${ip("a", "data", "propagate_down: [true, true]")}`)).toThrow(
      "propagate_down is given 2 times for 1 bottoms",
    );
  });

  test("force_backward turns it on for everything but labels, frozen parameters included", async () => {
    const net = netOf(`force_backward: true ${input} ${ip("a", "data", frozen)} ${loss("a")}`);
    expect(plan(net)).toEqual({ in: [], lab: [], a: [true], loss: [true, false] });
    expect(net.layers[net.layerNames.indexOf("a")]?.paramPropagateDown).toEqual([true, true]);
    net.blob("data").dataMem.overwriteCpu().set([1, 2, 3, 4, 5, 6]);
    await net.forwardBackward();
    expect(net.learnableParams[0]?.blob.diffValues().some((x) => x !== 0)).toBe(true);
  });

  test("an Accuracy layer never gets in the way of force_backward", async () => {
    const net = netOf(
      `force_backward: true ${input} ${ip("a", "data")} ${loss("a")} layer { name: "acc" type: "Accuracy" bottom: "a" bottom: "label" top: "acc" }`,
    );
    await net.forwardBackward();
    expect(plan(net)).toMatchObject({ acc: [false, false] });
  });

  test("each layer's fate is logged, last to first", () => {
    const { log, lines } = keptLog();
    netOf(`${input} ${ip("a", "data", frozen)} ${ip("b", "a")} ${loss("b")}`, { log });
    expect(lines.filter((line) => line.endsWith("backward computation."))).toEqual([
      "net] loss needs backward computation.",
      "net] b needs backward computation.",
      "net] a does not need backward computation.",
      "net] lab does not need backward computation.",
      "net] in does not need backward computation.",
    ]);
  });
});
