import { expect, test } from "vitest";
import { groups, runCases } from "../../scripts/golden/run-cases.ts";
import { script } from "../support/cli.ts";
import { availableEngines } from "../support/engines.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { isLong } from "../support/long.ts";

test.each([...availableEngines])("BVLC Caffe's recorded results on %s", async (_name, engines) => {
  const said: string[] = [];
  const counts = await runCases("tests/golden/cases", groups, engines, (line) => said.push(line));
  expect(said.filter((line) => line.startsWith("FAILED"))).toEqual([]);
  expect(counts.failed).toBe(0);
  expect(counts.passed).toBeGreaterThan(60);
});

test.skipIf(!isLong)("npm run golden says what passed, and ends so", () => {
  const { status, stdout } = script("golden/main.ts", "tests/golden/cases", "--only=data");
  expect(stdout).toMatch(/^data: (\d+) passed, 0 failed\n\1 passed, 0 failed$/m);
  expect(status).toBe(0);
});

test("a folder that is not there is said to be so", () => {
  const { status, stderr } = script("golden/main.ts", "none");
  expect(status).toBe(2);
  expect(stderr).toContain("usage: npm run golden");
});

test.each([
  ["golden/main.ts", "no case in"],
  ["zoo/main.ts", 'no .prototxt with "" in its name below'],
  ["zoo/models.ts", "no model in"],
])("%s does not pass where there is nothing to run", (file, told) => {
  const empty = temporaryFolder();
  const { status, stdout, stderr } = script(file, empty);
  expect(stdout).toContain("0 passed, 0 failed");
  expect(stderr).toContain(`${told} ${empty}`);
  expect(status).toBe(1);
});
