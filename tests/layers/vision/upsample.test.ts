import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const nearest = (param = ""): string =>
  `type: "Upsample" bottom: "a" top: "y" upsample_param { ${param} }`;
const unpool = (param = ""): string =>
  `type: "Upsample" bottom: "a" bottom: "b" top: "y" upsample_param { ${param} }`;

describeEngines("Upsample", (engines) => {
  test.each([
    ["scale: 2", [1, 1, 2, 2, 1, 1, 2, 2]],
    ["scale_h: 2 scale_w: 1", [1, 2, 1, 2]],
    ["", [1, 2]],
  ])("without a mask repeats rows and columns: %s", async (param, output) => {
    expect(await forward(layerNet(nearest(param), [[1, 1, 1, 2]], { engines }), [1, 2])).toEqual([
      output,
    ]);
  });

  test("with a mask puts values where their maxima were", async () => {
    const net = layerNet(
      unpool("upsample_h: 3 upsample_w: 2"),
      [
        [1, 2, 1, 2],
        [1, 2, 1, 2],
      ],
      {
        engines,
      },
    );
    const [y] = await forward(net, [1, 2, 3, 4], [5, 0, 1, 2]);
    expect(y).toEqual([2, 0, 0, 0, 0, 1, 0, 3, 4, 0, 0, 0]);
  });

  test("of several values for one place the last is written, and all get the gradient", async () => {
    const net = layerNet(
      unpool(),
      [
        [1, 1, 1, 2],
        [1, 1, 1, 2],
      ],
      { engines },
    );
    expect(await forward(net, [1, 2], [7, 7])).toEqual([[0, 0, 0, 0, 0, 0, 0, 2]]);
    net.blob("y").diffMem.overwriteCpu().set([1, 2, 3, 4, 5, 6, 7, 8]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toEqual([8, 8]);
  });

  test.each([
    [nearest("scale: 3"), [[2, 3, 4, 2]], []],
    [
      unpool(),
      [
        [1, 2, 1, 2],
        [1, 2, 1, 2],
      ],
      [undefined, [5, 0, 1, 2]],
    ],
  ] as const)("agrees with the reference: %s", async (layer, shapes, inputs) => {
    await checkParity(engines, layer, shapes, inputs as never);
  });
});

test("Upsample with a mask keeps the size that it had at set-up", () => {
  const net = layerNet(unpool("scale: 2 pad_out_h: true"), [
    [1, 1, 2, 2],
    [1, 1, 2, 2],
  ]);
  expect(net.blob("y").shape).toEqual([1, 1, 3, 4]);
  for (const name of ["a", "b"]) net.blob(name).reshape([1, 1, 1, 2]);
  net.reshape();
  expect(net.blob("y").shape).toEqual([1, 1, 3, 4]);
});

describeEngines("Upsample and a mask that names no place", (engines, name) => {
  test.each([-1, 8, Number.NaN])("%f", async (place) => {
    const shape = [1, 2, 1, 2];
    const net = layerNet(unpool(), [shape, shape], { engines });
    const result = forward(net, [1, 2, 3, 4], [0, 1, 2, place]);
    if (name === "webgpu" && !Number.isNaN(place)) {
      expect(await result).toEqual([[1, 2, 0, 0, 0, 0, 0, 0, Number.NaN, 0, 3, 0, 0, 0, 0, 0]]);
    } else if (name !== "webgpu") {
      await expect(result).rejects.toThrow(
        `mask ${place} at position 3. Expected 0 to 7, a place in a plane of 2 × 4`,
      );
    }
    // What is right in the next pass is right again.
    expect((await forward(net, [1, 2, 3, 4], [0, 1, 2, 7]))[0]).toEqual([
      1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4,
    ]);
  });
});

test.each([
  [nearest("upsample_h: 4 upsample_w: 4"), [[1, 1, 2, 2]], "there is no mask"],
  [nearest("scale: 0"), [[1, 1, 2, 2]], "scale is 0 × 0"],
  [nearest("scale: 2"), [[2]], "Expected two axes or more"],
  [
    unpool("upsample_h: 4"),
    [
      [1, 1, 2, 2],
      [1, 1, 2, 2],
    ],
    "Expected both",
  ],
  [
    unpool(),
    [
      [1, 1, 2, 2],
      [1, 1, 2, 3],
    ],
    "Expected one shape",
  ],
])("Upsample refuses %s of shapes %j", (layer, shapes, message) => {
  expect(() => layerNet(layer, shapes)).toThrow(message);
});
