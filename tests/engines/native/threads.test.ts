// The addon in several threads of one process.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { availableEngines } from "../../support/engines.ts";

test.skipIf(!availableEngines.has("native"))(
  "nets run in several threads of one process, and one that is ended takes nobody along",
  () => {
    const program = "tests/engines/native/threads-program.mjs";
    const run = spawnSync(process.execPath, [program], { encoding: "utf8" });
    expect([run.status, run.signal, run.stderr, run.stdout]).toEqual([0, null, "", "alike\n"]);
  },
);
