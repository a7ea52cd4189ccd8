import { expect, test } from "vitest";
import { Net, type NetParameter, Solver, type SolverParameter } from "../../../src/index.ts";

const layers: NonNullable<NetParameter["layer"]> = [
  { name: "in", type: "Input", top: ["x"], input_param: { shape: [{ dim: [1, 2] }] } },
  {
    name: "ip",
    type: "InnerProduct",
    bottom: ["x"],
    top: ["y"],
    inner_product_param: { num_output: 3 },
  },
];
const learned = {
  base_lr: 0.1,
  lr_policy: "fixed",
  max_iter: 1,
  net_param: { layer: layers },
};

test("a net that a program has made is taken", () => {
  using net = new Net({ name: "n", layer: layers });
  expect(new Net(net.toParameter()).blob("y").shape).toEqual([1, 3]);
});

test.each<[object, string]>([
  [{ nmae: "n" }, 'net: NetParameter has no field "nmae". Did you mean "name"?'],
  [{ toString: 1 }, 'NetParameter has no field "toString"'],
  [{ name: 5 }, "net: name is 5. Expected a text."],
  [{ force_backward: "true" }, 'force_backward is "true". Expected true or false.'],
  [{ layer: {} }, "net: layer is {}. Expected a list."],
  [{ layer: [null] }, "net: layer is null. Expected an object of LayerParameter."],
  [
    { layer: [...layers, { name: "r", type: "ReLU", relu_parm: {} }] },
    'net: layer "r": LayerParameter has no field "relu_parm". Did you mean "relu_param"?',
  ],
  [
    { layer: [{ ...layers[1], inner_product_param: { num_output: "3" } }] },
    'net: layer "ip": num_output is "3". Expected a whole number.',
  ],
  [
    { layer: [{ name: "p", type: "Pooling", pooling_param: { pool: "AVG" } }] },
    'layer "p": pool is "AVG". Expected one of MAX, AVE, STOCHASTIC',
  ],
  [
    { layer: [{ name: "p", type: "Power", power_param: { scale: [2] } }] },
    'layer "p": scale is [2]. Expected one value.',
  ],
])("a net with a field that says nothing is refused: %j", (param, message) => {
  expect(() => new Net(param as NetParameter)).toThrow(message);
});

test("a solver is, too, when it is made and when its parameter is set", () => {
  const wrong = (more: object): SolverParameter => ({ ...learned, ...more }) as SolverParameter;
  expect(() => new Solver(wrong({ base_rl: 0.1 }))).toThrow(
    'solver: SolverParameter has no field "base_rl". Did you mean "base_lr"?',
  );
  expect(() => new Solver(wrong({ max_iter: 1.5 }))).toThrow(
    "solver: max_iter is 1.5. Expected a whole number.",
  );
  using solver = new Solver(wrong({}));
  expect(() => {
    solver.param = wrong({ gama: 0.5 });
  }).toThrow('no field "gama". Did you mean "gamma"?');
});
