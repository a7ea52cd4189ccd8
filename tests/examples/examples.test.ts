import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { caffe, caffeHere } from "../support/cli.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const work = temporaryFolder();

/** Runs an example in its short form and gives the number it ends with. */
async function run(name: string): Promise<number> {
  const args = [`examples/${name}/run.mjs`, "--short", `--work=${join(work, name)}`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [said, log] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect(status, log).toBe(0);
  return Number(/: (\S+)$/.exec(said.trimEnd())?.[1]);
}

const hasFashion = existsSync("/usr/share/datasets/fashion-mnist");
/** What each reaches at least (or at most) in its short form; by chance it would be the number behind. */
const examples: [name: string, needsFashion: boolean, least: number, most: number][] = [
  ["fashion-mnist", true, 0.4, 1], // 0.1
  ["own-pictures", false, 0.8, 1], // 0.25
  ["image-folder", true, 0.5, 1], // 0.2
  ["hdf5-logistic-regression", false, 0.85, 1], // 0.5
  ["siamese", true, 0, 0.1], // 0.2 before training
  ["feature-extraction", true, 0.5, 1], // 0.1
  ["window-data", false, 0.8, 1], // 0.25
  ["crnn", false, 0.4, 1], // 0
  ["detection", false, 0.25, 1], // 0
  ["segmentation", false, 0.28, 1], // 0.23, all background
];

/** What `caffe doctor` has to say of their short form: some iterations, on the test part of Fashion-MNIST alone. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  "fashion-mnist": ["less-than-an-epoch", "seen-in-training", "test-size"],
  "feature-extraction": ["less-than-an-epoch", "seen-in-training", "test-size"],
  siamese: ["less-than-an-epoch", "seen-in-training", "test-size"],
  // Its steps are those of the long form.
  "hdf5-logistic-regression": ["learning-rate"],
};

/** What `caffe doctor` finds in the solvers of an example, with its data. */
async function foundIn(name: string): Promise<string[]> {
  const folder = join(work, name);
  const solvers = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith("solver.prototxt"),
  );
  expect(solvers).not.toEqual([]);
  const found = [];
  for (const solver of solvers) {
    const { status, stdout } = await caffeHere(["doctor", solver, "--json"], folder);
    expect(status, stdout).toBe(0);
    found.push(...JSON.parse(stdout).findings);
  }
  return found.map(({ check }) => check);
}

/** Those that take longest; what the first three of them show, tests of `caffe new`, `caffe extract_features` and the notebooks do too. */
const LONG = [
  "image-folder",
  "feature-extraction",
  "siamese",
  "own-pictures",
  "crnn",
  "detection",
  "segmentation",
];

function whyNotRun(name: string, needsFashion: boolean): string | undefined {
  if (!isLong && LONG.includes(name)) return "npm run test:long";
  if (needsFashion && !hasFashion) return "Debian's dataset-fashion-mnist is not installed";
  return undefined;
}

describe("examples", () => {
  for (const [name, needsFashion, least, most] of examples) {
    const why = whyNotRun(name, needsFashion);
    test.skipIf(why !== undefined)(
      why === undefined ? name : `${name} (${why})`,
      async () => {
        const value = await run(name);
        expect(value).toBeGreaterThanOrEqual(least);
        expect(value).toBeLessThanOrEqual(most);
        expect(await foundIn(name)).toEqual(SHORT[name] ?? []);
      },
      120_000,
    );
  }

  test.runIf(isLong)(
    "caffe try takes boxes, of which each batch has another number, and forgives a net that is too small",
    () => {
      const tried = (name: string): ReturnType<typeof caffe> =>
        caffe(["try", "solver.prototxt", "--seconds=6"], join(work, name));
      const detection = tried("detection");
      // On a machine that is busy time may be up before they are learned.
      expect(detection.stdout, detection.stderr).toMatch(
        /\(32 samples\) by heart, base_lr 0\.002: /,
      );
      const logistic = tried("hdf5-logistic-regression");
      expect(logistic.status, logistic.stderr).toBe(0);
      expect(logistic.stdout).toContain("10 parameters: too few to know 20 samples by heart");
    },
    60_000,
  );

  test("every folder is in the table, and run here", () => {
    const folders = readdirSync("examples", { withFileTypes: true })
      // These have a README, and tests, of their own.
      .filter((entry) => entry.isDirectory() && !["browser", "notebooks"].includes(entry.name))
      .map(({ name }) => name);
    expect(folders.sort()).toEqual(examples.map(([name]) => name).sort());
    const readme = readFileSync("examples/README.md", "utf8");
    for (const folder of folders) expect(readme).toContain(`node examples/${folder}/run.mjs`);
  });
});
