import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { classification } from "../../examples/notebooks/00-classification.ts";
import { learningLenet } from "../../examples/notebooks/01-learning-lenet.ts";
import { fineTuning } from "../../examples/notebooks/02-fine-tuning.ts";
import { brewingLogreg } from "../../examples/notebooks/03-brewing-logreg.ts";
import { detection } from "../../examples/notebooks/04-detection.ts";
import { netSurgery } from "../../examples/notebooks/05-net-surgery.ts";
import { multilabel } from "../../examples/notebooks/06-multilabel.ts";
import { siamese } from "../../examples/notebooks/07-siamese.ts";
import { FASHION, type Run } from "../../examples/notebooks/notebook.ts";
import { overlap } from "../../src/inference/windows.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const said: string[] = [];
const run: Run = { isShort: true, folder, say: (line) => said.push(line) };

test("every notebook is run here", () => {
  const files = readdirSync("examples/notebooks").filter((file) => /^\d\d-.*\.ts$/.test(file));
  const source = readFileSync("tests/examples/notebooks.test.ts", "utf8");
  expect(files).toHaveLength(8);
  for (const file of files) expect(source).toContain(`examples/notebooks/${file}`);
});

test("brewing logistic regression: a hidden layer beats a line", async () => {
  const { linear, deep } = await brewingLogreg(run);
  expect(linear).toBeGreaterThan(0.6);
  expect(deep).toBeGreaterThan(linear + 0.03);
});

describe.skipIf(!existsSync(FASHION))(
  `on Fashion-MNIST (${existsSync(FASHION) ? FASHION : "skipped: apt-get install dataset-fashion-mnist"})`,
  () => {
    test("classification: the right class is among the best", async () => {
      const { best, truth, shapes } = await classification(run);
      expect(best).toHaveLength(5);
      expect(best.map(({ label }) => label)).toContain(truth);
      expect(shapes.get("conv1")).toEqual([1, 20, 24, 24]);
      expect(readdirSync(folder)).toEqual(expect.arrayContaining(["conv1.png", "filters.png"]));
    });

    test("learning LeNet: the loss falls and the accuracy rises", async () => {
      const { losses, accuracies } = await learningLenet(run);
      expect(losses).toHaveLength(59);
      expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
      expect(accuracies.at(-1)).toBeGreaterThan(0.6);
      expect(readdirSync(folder)).toContain("learning.svg");
    });

    test.runIf(isLong)("fine-tuning: what was learned helps", async () => {
      const { fineTuned, fromNothing, lastLayerOnly } = await fineTuning(run);
      expect(fineTuned).toBeGreaterThan(fromNothing);
      expect(lastLayerOnly).toBeGreaterThan(0.4);
    });

    test.runIf(isLong)("detection: what lies on the canvas is found where it lies", async () => {
      const { truth, found } = await detection(run);
      for (const { box } of truth) {
        expect(found.some((one) => overlap(one.box, box) > 0.4)).toBe(true);
      }
      const right = found.filter((one) =>
        truth.some((thing) => thing.label === one.label && overlap(thing.box, one.box) > 0.4),
      );
      expect(right.length).toBeGreaterThanOrEqual(2);
    });

    test("net surgery: filters by hand, and a map of classes", async () => {
      const { map, blurred, edges } = await netSurgery(run);
      expect(map).toHaveLength(8);
      expect(map[0]).toHaveLength(8);
      expect(blurred).toBeGreaterThan(0);
      expect(edges).toBeGreaterThan(0);
    });

    test.runIf(isLong)("multilabel: better than saying no", async () => {
      const { accuracy, alwaysNo } = await multilabel(run);
      expect(accuracy).toBeGreaterThan(alwaysNo + 0.02);
    });

    test.runIf(isLong)("siamese: like things lie nearer", async () => {
      const { alike, unlike } = await siamese(run);
      expect(alike).toBeLessThan(unlike / 2);
    });
  },
);
