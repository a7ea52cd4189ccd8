import { expect, test } from "vitest";
import { script } from "../support/cli.ts";
import { availableEngines } from "../support/engines.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test.each([...availableEngines.keys()])("BVLC Caffe's recorded results on %s", (engine) => {
  const { status, stdout } = script("golden/main.ts", "tests/golden/cases", "--engine", engine);
  expect(stdout).toMatch(/^\d+ passed, 0 failed$/m);
  expect(Number(/^(\d+) passed, 0 failed$/m.exec(stdout.split("\n").at(-2) ?? "")?.[1])).toBeGreaterThan(60);
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
