import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isLong } from "../support/long.ts";
import { python, pythonFolder, pythonNeeds, runPython } from "../support/python.ts";

/** What starts processes over and over, or trains for minutes. */
const LONG = ["test_endings.py", "test_memory.py", "test_processes.py"];

const files = readdirSync(join(pythonFolder, "tests")).filter(
  (name) => /^test_.*\.py$/.test(name) && (isLong || !LONG.includes(name)),
);

/** Each starts many processes. */
const LONGEST_MS = 150_000;

// What Python has to say of its half stands in python/tests; each file there is one test here.
test.skipIf(!python).each(files)(
  `%s (${pythonNeeds})`,
  async (name) => {
    const args = [join(pythonFolder, "tests", name)];
    const { status, stderr } = await runPython(args, { timeoutMs: LONGEST_MS });
    expect(stderr).toMatch(/^OK\b/m);
    expect(status).toBe(0);
  },
  LONGEST_MS,
);
