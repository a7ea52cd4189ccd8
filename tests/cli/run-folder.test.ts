import { join } from "node:path";
import { expect, test } from "vitest";
import { solverFile } from "../../src/cli/run-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a run's folder has a solver, a file is one, and with the flag there is no other", () => {
  const folder = temporaryFolder();
  const solver = join(folder, "solver.prototxt");
  expect(solverFile({ folder, solver: undefined })).toBe(solver);
  expect(solverFile({ folder: solver, solver: undefined })).toBe(solver);
  expect(solverFile({ folder: undefined, solver })).toBe(solver);
  expect(solverFile({ folder: undefined, solver: "" })).toBeUndefined();
  expect(() => solverFile({ folder, solver })).toThrow("are both given. Expected one of them.");
});
