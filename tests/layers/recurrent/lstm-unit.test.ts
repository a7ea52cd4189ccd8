import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = 'type: "LSTMUnit" bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z"';
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describeEngines("LSTMUnit", (engines) => {
  test("steps once", async () => {
    const net = layerNet(
      layer,
      [
        [1, 1, 1],
        [1, 1, 4],
        [1, 1],
      ],
      { engines },
    );
    const c = sigmoid(2) * 0.5 + sigmoid(1) * Math.tanh(4);
    expect((await forward(net, [0.5], [1, 2, 3, 4], [1])).flat()).toBeAllClose([
      c,
      sigmoid(3) * Math.tanh(c),
    ]);
    expect((await forward(net, [0.5], [1, 2, 3, 4], [0]))[0]).toBeAllClose([
      sigmoid(1) * Math.tanh(4),
    ]);
  });

  test("keeps what a gate that is all but closed lets through", async () => {
    const net = layerNet(
      layer,
      [
        [1, 1, 1],
        [1, 1, 4],
        [1, 1],
      ],
      { engines },
    );
    const [[c = 0] = [], [h = 0] = []] = await forward(net, [0.5], [-30, -40, -20, 4], [1]);
    const wantC = sigmoid(-40) * 0.5 + sigmoid(-30) * Math.tanh(4);
    expect([c / wantC]).toBeAllClose([1], { rtol: 1e-5 });
    expect([h / (sigmoid(-20) * Math.tanh(wantC))]).toBeAllClose([1], { rtol: 1e-5 });
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, layer, [
      [1, 3, 5],
      [1, 3, 20],
      [1, 3],
    ]);
  });
});

test("the gradient of LSTMUnit agrees with differences", async () => {
  await checkGradient(
    layer,
    [
      [1, 3, 2],
      [1, 3, 8],
      [1, 3],
    ],
    {
      inputs: [
        [0.1, -0.5, 0.7, 1, -1, 0.3],
        Array.from({ length: 24 }, (_, i) => Math.sin(i)),
        [1, 0, 1],
      ],
    },
  );
});

test.each([
  [
    [
      [2, 3, 2],
      [1, 3, 8],
      [1, 3],
    ],
    "Expected 1×N×D",
  ],
  [
    [
      [1, 3, 2],
      [1, 3, 6],
      [1, 3],
    ],
    "Expected (1,3,8)",
  ],
  [
    [
      [1, 3, 2],
      [1, 3, 8],
      [1, 2],
    ],
    "Expected (1,3)",
  ],
])("LSTMUnit refuses shapes %j", (shapes, message) => {
  expect(() => layerNet(layer, shapes)).toThrow(message);
});
