// Learning LeNet: a net written in code, a solver, and a training loop of one's own that tests as it goes.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chartSvg, io, L, type NetParameter, NetSpec, Solver } from "caffe-ts";
import {
  accuracyOf,
  CLOTHES,
  fashion,
  feed,
  ifProgram,
  imageOf,
  lenet,
  memory,
  type Run,
  SIDE,
  tile,
} from "./notebook.ts";

/** What the notebook found. */
export interface Found {
  readonly losses: readonly number[];
  readonly accuracies: readonly number[];
}

export async function learningLenet({ isShort, folder, say }: Run): Promise<Found> {
  // 1. The net. `toString` is its prototxt; `toProto` is what Net and Solver take.
  const net_param = netOf(64);
  say(new NetSpec({}, { name: "LeNet" }).toString().trim());

  // 2. The solver. Each field is one of the prototxt's; nothing else decides how it learns.
  using solver = new Solver({
    net_param,
    test_iter: [1],
    test_interval: 1_000_000, // we test ourselves
    test_initialization: false,
    base_lr: 0.01,
    momentum: 0.9,
    weight_decay: 0.0005,
    lr_policy: "inv",
    gamma: 0.0001,
    power: 0.75,
    max_iter: isShort ? 60 : 800,
    random_seed: 1701,
  });
  const [train, test] = [
    fashion("train", isShort ? 3_200 : 25_600),
    fashion("t10k", isShort ? 640 : 3_200),
  ];
  feed(solver.net, train);
  const [testNet] = solver.testNets;
  if (!testNet) throw new Error("the solver has a test net");
  feed(testNet, test);

  // 3. Does it run? One pass forward, and one of the images with its label.
  await solver.net.forward();
  say(
    `First loss: ${solver.net.blob("loss").values()[0]?.toFixed(3)}, about ln 10: it knows nothing yet.`,
  );
  say(`First image: ${CLOTHES[solver.net.blob("label").values()[0] ?? 0]}.`);

  // 4. One step, and the gradients that it left in the first layer's filters.
  await solver.step(1);
  const filters = solver.net.params.get("conv1")?.[0];
  const diffs = Array.from(
    { length: 20 },
    (_, k) => filters?.diffValues().slice(k * 25, (k + 1) * 25) ?? [],
  );
  await io.saveImage(join(folder, "first-gradients.png"), tile(diffs, 5, 5, 5));

  // 5. The loop. Leaving it keeps the solver where it is: one may look, change something and go on.
  const losses: number[] = [];
  const accuracies: number[] = [];
  for await (const { iteration, loss } of solver) {
    losses.push(loss);
    if (iteration % (isShort ? 20 : 50) !== 0) continue;
    testNet.shareWith(solver.net);
    accuracies.push(await accuracyOf(testNet, test));
    say(
      `iteration ${iteration}: loss ${loss.toFixed(3)}, accuracy ${accuracies.at(-1)?.toFixed(3)}`,
    );
  }

  // 6. How it went.
  const svg = chartSvg({
    title: "LeNet on clothes",
    xLabel: "iterations",
    yLabel: "loss",
    series: [{ label: "train loss", points: losses.map((loss, i) => [i, loss]) }],
  });
  writeFileSync(join(folder, "learning.svg"), svg);

  // 7. What it thinks of a few images.
  const scores = await testNet.forward<"score">({}, { start: "data", end: "score" });
  for (let i = 0; i < 3; i++) {
    const row = Array.from(CLOTHES, (_, k) => scores.score.at(i, k));
    const guess = CLOTHES[row.indexOf(Math.max(...row))];
    say(`It says ${guess}; it is: ${CLOTHES[test.labels[i] ?? 0]}.`);
  }
  await io.saveImage(
    join(folder, "shown.png"),
    tile(
      [0, 1, 2].map((i) => imageOf(test, i)),
      SIDE,
      SIDE,
      3,
    ),
  );
  return { losses, accuracies };
}

function netOf(batch: number): NetParameter {
  const [data, label] = memory(batch);
  const score = lenet(data, CLOTHES.length);
  return new NetSpec({ score, loss: L.SoftmaxWithLoss(score, label) }, { name: "LeNet" }).toProto();
}

await ifProgram(import.meta, learningLenet);
