// The package caffe of Octave and MATLAB: each script in points and engine is one test, run by Octave.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorsOf, octave, octaveNeeds, runOctave } from "../support/octave.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe.each(["points", "engine"])("%s", (kind) => {
  const folder = join(import.meta.dirname, kind);
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".m"));

  test.skipIf(!octave).each(scripts)(`%s (${octaveNeeds})`, async (script) => {
    const { status, stderr } = await runOctave(join(folder, script), temporaryFolder());
    expect(errorsOf(stderr)).toEqual([]);
    expect(status).toBe(0);
  });
});
