import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import { writeNumbered } from "../support/numbered-images.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const images = join(folder, "images");
let count = 0;

beforeAll(() =>
  writeNumbered(
    images,
    Array.from({ length: 40 }, (_, i) => [i, i % 4]),
  ),
);

interface Hidden {
  readonly transform?: string;
  readonly layers?: number;
  readonly filler?: string;
  readonly bias?: string;
  readonly neuron?: string;
  readonly more?: string;
}

/** What is found in a net of some hidden layers when it runs, as `severity check layer`. */
async function found({
  transform = "scale: 0.004 mean_value: 120",
  layers = 2,
  filler = 'type: "xavier"',
  bias = "value: 0",
  neuron = "ReLU",
  more = "",
}: Hidden): Promise<string[]> {
  const hidden = Array.from(
    { length: layers },
    (_, i) => `
    layer { name: "ip${i}" type: "InnerProduct" bottom: "${i === 0 ? "data" : `ip${i - 1}`}" top: "ip${i}"
      inner_product_param { num_output: 20 weight_filler { ${filler} } bias_filler { type: "constant" ${bias} } } }
    layer { name: "neuron${i}" type: "${neuron}" bottom: "ip${i}" top: "ip${i}" }`,
  ).join("");
  const path = join(folder, `net-${count++}.prototxt`);
  writeFileSync(
    path,
    `layer { name: "data" type: "Data" top: "data" top: "label" transform_param { ${transform} } data_param { source: "${images}" batch_size: 8 } }
    ${hidden}
    layer { name: "scores" type: "InnerProduct" bottom: "ip${layers - 1}" top: "scores" ${more}
      inner_product_param { num_output: 4 weight_filler { ${filler} } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "scores" bottom: "label" top: "loss" }`,
  );
  const findings = await examine({ model: path });
  for (const { what, advice, where } of findings) {
    expect([what, advice].every((text) => text.length > 20)).toBe(true);
    expect(where).toMatch(/prototxt:\d+$/);
  }
  return findings.map(({ severity, check, layer }) => [severity, check, layer].join(" "));
}

test("a net in which nothing is wrong, of either kind of neuron", async () => {
  expect(await found({})).toEqual([]);
  expect(await found({ neuron: "TanH" })).toEqual([]);
  expect(await found({ filler: 'type: "msra"', layers: 6 })).toEqual([]);
});

test("dead rectifiers, and what comes of them", async () => {
  expect(await found({ bias: "value: -50" })).toEqual([
    "error first-loss loss",
    "error no-gradient ip0",
    "warning dead-relu neuron0",
    "warning dead-relu neuron1",
  ]);
});

test("values that explode, to infinity or not", async () => {
  const finite = await found({ filler: 'type: "gaussian" std: 30', layers: 3 });
  expect(finite).toContain("warning exploding-or-vanishing ip2");
  expect(await found({ filler: 'type: "gaussian" std: 1e20', layers: 3 })).toEqual([
    "error exploding-or-vanishing ip1",
  ]);
});

test("gradients that vanish", async () => {
  const small = { filler: 'type: "gaussian" std: 0.01', neuron: "Sigmoid" } as const;
  expect(await found({ ...small, layers: 8 })).toContain("warning exploding-or-vanishing ip0");
  expect(await found({ ...small, layers: 1 })).toEqual([]);
});

test("pixels that nothing has scaled", async () => {
  expect(await found({ transform: "scale: 1", filler: 'type: "gaussian" std: 0.3' })).toEqual([
    "warning first-loss loss",
  ]);
});

test("a path to the loss that is cut", async () => {
  expect(await found({ more: "propagate_down: false" })).toEqual(["error no-gradient ip0"]);
});

test("images that are all the same after their preparation", async () => {
  expect(await found({ transform: "scale: 0" })).toContain("error first-loss loss");
});
