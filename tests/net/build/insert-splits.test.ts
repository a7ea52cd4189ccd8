import { describe, expect, test } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { insertSplits } from "../../../src/net/build/insert-splits.ts";
import { keptLog } from "../../support/nets.ts";

interface Line {
  readonly name: string;
  readonly bottom: readonly string[];
  readonly top: readonly string[];
  readonly lossWeight: readonly number[];
}

/** The layers of the net with splits. */
function split(text: string): Line[] {
  return (insertSplits(parsePrototxt("NetParameter", text)).layer ?? []).map(
    ({ name = "", bottom = [], top = [], loss_weight = [] }) => ({
      name,
      bottom,
      top,
      lossWeight: [...loss_weight],
    }),
  );
}

const layer = (name: string, bottoms: string, tops: string, more = ""): string => {
  const list = (field: string, names: string): string =>
    names
      .split(" ")
      .filter(Boolean)
      .map((blob) => `${field}: "${blob}"`)
      .join(" ");
  return `layer { name: "${name}" type: "X" ${list("bottom", bottoms)} ${list("top", tops)} ${more} }`;
};

describe("insertSplits", () => {
  test("leaves a net alone in which nothing is read twice", () => {
    const text = layer("data", "", "data label") + layer("loss", "data label", "");
    expect(split(text).map(({ name }) => name)).toEqual(["data", "loss"]);
  });

  test("splits a blob that several read, behind the layer that makes it, under Caffe's names", () => {
    const text =
      layer("data", "", "data label") +
      layer("a", "data", "a") +
      layer("b", "data a", "b") +
      layer("c", "data b", "c");
    const splitName = "data_data_0_split";
    expect(split(text)).toEqual([
      { name: "data", bottom: [], top: ["data", "label"], lossWeight: [] },
      {
        name: splitName,
        bottom: ["data"],
        top: [`${splitName}_0`, `${splitName}_1`, `${splitName}_2`],
        lossWeight: [],
      },
      { name: "a", bottom: [`${splitName}_0`], top: ["a"], lossWeight: [] },
      { name: "b", bottom: [`${splitName}_1`, "a"], top: ["b"], lossWeight: [] },
      { name: "c", bottom: [`${splitName}_2`, "b"], top: ["c"], lossWeight: [] },
    ]);
  });

  test("a layer that reads a blob twice, and a top that is not the first", () => {
    const text = layer("data", "", "data label") + layer("twice", "label label", "y");
    expect(split(text).slice(1)).toEqual([
      {
        name: "label_data_1_split",
        bottom: ["label"],
        top: ["label_data_1_split_0", "label_data_1_split_1"],
        lossWeight: [],
      },
      {
        name: "twice",
        bottom: ["label_data_1_split_0", "label_data_1_split_1"],
        top: ["y"],
        lossWeight: [],
      },
    ]);
  });

  test("in place: the blob counts anew behind each layer that writes it", () => {
    const text =
      layer("data", "", "x") +
      layer("relu", "x", "x") +
      layer("a", "x", "a") +
      layer("b", "x", "b");
    expect(split(text).map(({ name, bottom }) => [name, ...bottom])).toEqual([
      ["data"],
      ["relu", "x"],
      ["x_relu_0_split", "x"],
      ["a", "x_relu_0_split_0"],
      ["b", "x_relu_0_split_1"],
    ]);
  });

  test("a loss_weight counts as a reader, and goes to the split's first output", () => {
    const text = layer("a", "", "x y", "loss_weight: [2, 0]") + layer("b", "x", "z");
    expect(split(text)).toEqual([
      { name: "a", bottom: [], top: ["x", "y"], lossWeight: [] },
      {
        name: "x_a_0_split",
        bottom: ["x"],
        top: ["x_a_0_split_0", "x_a_0_split_1"],
        lossWeight: [2, 0],
      },
      { name: "b", bottom: ["x_a_0_split_1"], top: ["z"], lossWeight: [] },
    ]);
    const alone = layer("a", "", "x", "loss_weight: 2");
    expect(split(alone)).toHaveLength(1);
  });

  test("warns of a weight that is cleared along with one that moves, as in Caffe", () => {
    const { log, lines } = keptLog();
    const text = layer("a", "", "x y", "loss_weight: [2, 3]") + layer("b", "x", "z");
    const [first] = insertSplits(parsePrototxt("NetParameter", text), log).layer ?? [];
    expect(first?.loss_weight).toBeUndefined();
    expect(lines).toEqual([
      expect.stringContaining('layer "a": the loss_weight 3 of its top "y" does not count'),
    ]);
  });

  test("names an unknown bottom, and the nearest known one", () => {
    expect(() => split(layer("data", "", "data") + layer("ip", "dat", "ip"))).toThrow(
      "Unknown bottom blob 'dat' (layer 'ip', bottom index 0). Did you mean \"data\"?",
    );
  });
});
