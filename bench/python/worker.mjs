// The JavaScript side of npm run bench:python: for each line `WORK COUNT` it does the work so often, and prints
// milliseconds. It runs the built package, as a user's program does; node worker.mjs FOLDER.
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Net, Solver } from "../../dist/index.js";

const folder = process.argv[2];
const log = () => {};
const net = new Net(join(folder, "lenet.prototxt"), { phase: "TEST", log });
const plain = new Net(join(folder, "plain.prototxt"), { phase: "TEST", log });
const solver = new Solver(join(folder, "solver.prototxt"), { log });

function passOf(one) {
  const [output] = one.outputs;
  return async () => {
    await one.forward();
    return one.blob(output).values()[0];
  };
}

const work = {
  forward: passOf(net),
  plain: passOf(plain),
  step: () => solver.step(100),
};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, count] = line.split(" ");
  const begin = performance.now();
  for (let i = 0; i < Number(count); i++) await work[name]();
  console.log(performance.now() - begin);
}
process.exit(0);
