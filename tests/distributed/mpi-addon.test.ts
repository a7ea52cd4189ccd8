import { describe, expect, test } from "vitest";
import { launchedCount, mpiAddon } from "../../src/distributed/mpi-addon.ts";
import { hasMpi, mpiNeeds } from "../support/mpi.ts";

test("how many processes there are is what OpenMPI, MPICH or Slurm tell", () => {
  expect(launchedCount({})).toBe(1);
  expect(launchedCount({ OMPI_COMM_WORLD_SIZE: "4" })).toBe(4);
  expect(launchedCount({ PMI_SIZE: "3", MPI_LOCALNRANKS: "2" })).toBe(3);
  expect(launchedCount({ PMI_SIZE: "many" })).toBe(1);
  expect(launchedCount({ PMIX_RANK: "1", SLURM_STEP_NUM_TASKS: "4" })).toBe(4);
  // A program of a script that is itself one of several tasks; and mpirun, which starts its daemons as such.
  expect(launchedCount({ SLURM_STEP_NUM_TASKS: "4" })).toBe(1);
  const ofMpirun = { OMPI_COMM_WORLD_SIZE: "1", PMIX_RANK: "0", SLURM_STEP_NUM_TASKS: "4" };
  expect(launchedCount(ofMpirun)).toBe(1);
});

describe.skipIf(!hasMpi)(`bfloat16 of ${mpiNeeds}`, () => {
  /** What arrives of a number that is sent again and again. */
  function sent(number: number, times: number): number[] {
    const [floats, rest, halves] = [
      Float32Array.of(number),
      new Float32Array(1),
      new Uint16Array(1),
    ];
    return Array.from({ length: times }, () => {
      mpiAddon().halve(floats, rest, halves);
      const arrived = new Float32Array(1);
      mpiAddon().widen(halves, arrived);
      return arrived[0] as number;
    });
  }

  test("rounds to the nearest, ties to even, and keeps what is no finite number", () => {
    expect(sent(1.00390625, 1)).toEqual([1]);
    expect(sent(1.01171875, 1)).toEqual([1.015625]);
    expect(sent(-1.006, 1)).toEqual([-1.0078125]);
    expect(sent(Number.NaN, 2)).toEqual([Number.NaN, Number.NaN]);
    expect(sent(Number.NEGATIVE_INFINITY, 2)).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    // Above the greatest number of either form, which is infinite, and leaves nothing behind.
    expect(sent(3.4e38, 2)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  test("what rounding takes comes with the next", () => {
    const all = sent(0.1003, 1000);
    expect(new Set(all).size).toBe(2);
    const sum = all.reduce((total, one) => total + one, 0);
    expect(Math.abs(sum - 1000 * Math.fround(0.1003))).toBeLessThan(0.001);
  });

  test("takes arrays of one length alone", () => {
    const [two, three] = [new Float32Array(2), new Float32Array(3)];
    expect(() => mpiAddon().halve(two, three, new Uint16Array(2))).toThrow("one length");
    expect(() => mpiAddon().halve(three, two, new Uint16Array(2))).toThrow("one length");
    expect(() => mpiAddon().widen(new Uint16Array(3), two)).toThrow("one length");
  });
});
