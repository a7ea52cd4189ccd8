// In MATLAB the engine is started and spoken to by Java. Octave has Java too, so that way is tried in Octave, by a script
// of each kind; all else they share.
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { errorsOf, matlabFolder, octave, octaveNeeds, runOctave } from "../support/octave.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Where a Java virtual machine lies that Octave can load; undefined where there is none. */
function findJava(): string | undefined {
  const { JAVA_HOME } = process.env;
  const all = "/usr/lib/jvm";
  const homes = existsSync(all) ? readdirSync(all).map((name) => join(all, name)) : [];
  return [...(JAVA_HOME ? [JAVA_HOME] : []), ...homes].find((home) =>
    existsSync(join(home, "lib/server/libjvm.so")),
  );
}

const java = findJava();

test.skipIf(!octave || !java)(
  `the engine is spoken to by Java, as in MATLAB (${octaveNeeds}, default-jre-headless)`,
  async () => {
    const folder = temporaryFolder();
    const copy = join(folder, "matlab");
    cpSync(matlabFolder, copy, { recursive: true });
    const transport = join(copy, "+caffe/+internal/transport.m");
    const text = readFileSync(transport, "utf8");
    const choice = "exist('OCTAVE_VERSION', 'builtin')";
    expect(text.split(choice)).toHaveLength(2);
    writeFileSync(transport, text.replace(choice, "false"));
    const scripts = ["points/forward_backward.m", "engine/errors.m", "engine/input_and_output.m"];
    const wrapper = join(folder, "by_java.m");
    const sources = scripts.map((one) => `source('${resolve("tests/matlab", one)}');\n`);
    writeFileSync(wrapper, `addpath('${copy}');\n${sources.join("")}assert(usejava('jvm'));\n`);
    const env = { JAVA_HOME: java, CAFFE_TS_HOME: resolve(".") };
    const { status, stderr } = await runOctave(wrapper, folder, env);
    expect(errorsOf(stderr)).toEqual([]);
    expect(status).toBe(0);
  },
);
