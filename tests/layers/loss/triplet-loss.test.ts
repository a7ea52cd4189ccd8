import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const triplet = (margin: number): string =>
  `type: "TripletLoss" bottom: "a" bottom: "b" bottom: "c" top: "y" triplet_loss_param { margin: ${margin} }`;

describeEngines("TripletLoss", (engines) => {
  // Distances to the positive 1 and 0, to the negative 2 and 4.
  const inputs = [
    [0, 0, 1, 1],
    [1, 0, 1, 1],
    [1, 1, 3, 1],
  ];

  test.each([
    [0.5, 0, [0, 0, 0, 0]],
    [2, 1 / 4, [0, 0.5, 0, 0]],
    [5, 5 / 4, [0, 0.5, 1, 0]],
  ])("counts what lacks of the margin: %f", async (margin, loss, gradient) => {
    const net = layerNet(
      triplet(margin),
      [
        [2, 2],
        [2, 2],
        [2, 2],
      ],
      { engines },
    );
    expect((await forward(net, ...inputs))[0]).toBeAllClose([loss]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toBeAllClose(gradient);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, triplet(1), [
      [3, 4],
      [3, 4],
      [3, 4],
    ]);
  });
});

test("TripletLoss follows its bottoms' shape", async () => {
  const net = layerNet(triplet(1), [
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  for (const name of ["a", "b", "c"]) net.blob(name).reshape([3, 2]);
  net.reshape();
  const [y] = await forward(net, [0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 1, 0], [0, 0, 0, 0, 0, 0]);
  expect(y).toBeAllClose([1]);
});

test("TripletLoss tells of NaN", async () => {
  const net = layerNet(triplet(1), [
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
  expect(await forward(net, [Number.NaN], [0], [0])).toEqual([[Number.NaN]]);
});

test("TripletLoss refuses bottoms of several shapes", () => {
  expect(() =>
    layerNet(triplet(1), [
      [2, 3],
      [2, 3],
      [2, 4],
    ]),
  ).toThrow("Expected one shape, N×C");
});
