import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runFileText } from "../../src/new-run/run-file.ts";
import { filesOfRun } from "../../src/new-run/run-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("the net, the labels and the last weights of a run", () => {
  const folder = temporaryFolder();
  expect(() => filesOfRun(folder)).toThrow(/is no folder of a run: it has no run\.json/);
  const run = { model: "m", deploy: "deploy.prototxt", labels: "labels.txt", size: 8 };
  const text = runFileText({ ...run, image_dims: [8, 8], mean_value: [] });
  writeFileSync(join(folder, "run.json"), text);
  expect(filesOfRun(folder)).toEqual({
    model: join(folder, "train_val.prototxt"),
    labels: join(folder, "labels.txt"),
    weights: undefined,
  });
  for (const name of ["a_iter_90", "a_iter_1000", "a_best_iter_1000", "other"]) {
    writeFileSync(join(folder, `${name}.caffemodel`), "");
  }
  expect(filesOfRun(folder).weights).toBe(join(folder, "a_iter_1000.caffemodel"));
});
