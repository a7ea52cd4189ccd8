// What a run of several ranks goes on from: rank 0's snapshot, with every rank's own random numbers and places in its data.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { manySourcesNet, writeSources } from "../support/many-sources.ts";
import { hasMpi, mpiNeeds, mpirun } from "../support/mpi.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const binary = fileURLToPath(new URL("../../bin/caffe", import.meta.url));

describe.skipIf(!hasMpi)(`ranks of ${mpiNeeds}`, () => {
  const folder = temporaryFolder();
  /** What is fastest here is found in the first run, on a busy machine: later ones have to keep to it. */
  const tuning = join(folder, "tuning.json");
  beforeAll(() => writeSources(folder));

  /** Trains six iterations, of which a snapshot is written after the third; gives what the log says. */
  function train(ranks: number, prefix: string, ...flags: readonly string[]): string {
    const file = join(folder, `${prefix}.prototxt`);
    writeFileSync(
      file,
      `net_param { ${manySourcesNet(folder, 3)} } base_lr: 0.05 momentum: 0.9 lr_policy: "fixed" random_seed: 7
       max_iter: 6 snapshot: 3 snapshot_prefix: "${join(folder, prefix)}"`,
    );
    const args = [binary, "train", file, ...flags];
    const { status, stderr } = mpirun(ranks, args, folder, { CAFFE_TUNE: tuning });
    expect(status, stderr).toBe(0);
    return stderr;
  }

  const weightsOf = (prefix: string): Buffer =>
    readFileSync(join(folder, `${prefix}_iter_6.caffemodel`));

  test("a resumed run gives the bits of one that was not stopped, whatever is drawn", () => {
    train(3, "whole", "--allreduce=bf16");
    const state = join(folder, "whole_iter_3.solverstate");
    const said = train(3, "resumed", "--allreduce=bf16", `--snapshot=${state}`);
    expect(said).not.toContain("The snapshot is of");
    expect(weightsOf("resumed").equals(weightsOf("whole"))).toBe(true);
    expect(existsSync(tuning)).toBe(true);
    expect(existsSync(join(folder, "tuning.rank-1-of-3.json"))).toBe(true);
    const { workers } = JSON.parse(readFileSync(join(folder, "whole_iter_3.runstate"), "utf8")) as {
      readonly workers: readonly object[];
    };
    // All others have the same on every rank.
    expect(workers.map((states) => Object.keys(states))).toEqual([[], ["noise"], ["noise"]]);
    expect(train(2, "two", `--snapshot=${state}`)).toContain(
      "The snapshot is of 3 ranks, and 2 ranks go on from it",
    );
  });
});
