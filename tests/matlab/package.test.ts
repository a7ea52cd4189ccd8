// The package caffe of Octave and MATLAB: what scripts in points and engine assert, run by Octave.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorsOf, octave, octaveNeeds, runOctave } from "../support/octave.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const scriptsOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".m"))
    .sort();

describe.skipIf(!octave)(`Octave (${octaveNeeds})`, () => {
  const points = join(import.meta.dirname, "points");
  const engine = join(import.meta.dirname, "engine");

  test("each of points, in one Octave", async () => {
    const place = temporaryFolder();
    const program = join(place, "points.m");
    writeFileSync(program, `each_script('${points}', '${place}');\n`);
    const { status, stdout, stderr } = await runOctave(program, place);
    expect(errorsOf(stderr)).toEqual([]);
    expect(stdout.match(/^\w+\.m$/gm)?.sort()).toEqual(scriptsOf(points));
    expect(status).toBe(0);
  });

  test.each(scriptsOf(engine))("engine/%s, in an Octave of its own", async (script) => {
    const { status, stderr } = await runOctave(join(engine, script), temporaryFolder());
    expect(errorsOf(stderr)).toEqual([]);
    expect(status).toBe(0);
  });
});
