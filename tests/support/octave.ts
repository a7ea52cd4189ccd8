import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Ended } from "./cli.ts";

/** The folder that holds the package `caffe` of Octave and MATLAB. */
export const matlabFolder: string = fileURLToPath(new URL("../../matlab", import.meta.url));

/** Functions that tests in Octave share. */
const supportFolder = fileURLToPath(new URL("../matlab/support", import.meta.url));

/** What the tests need, and how it comes on a Debian: for a skipped test's name. */
export const octaveNeeds = "Debian's octave, 7 or newer";

/**
 * Octave's program: that of CAFFE_TEST_OCTAVE, else `octave-cli`. Undefined where there is none, or one older than 7; tests that need it are
 * skipped then.
 * @throws Error where CAFFE_TEST_OCTAVE names none
 */
export const octave: string | undefined = findOctave();

/** What comes before a script's name: nothing of a user's own settings, and the package found. */
export const octaveArgs: readonly string[] = [
  "--norc",
  "--no-history",
  "--quiet",
  `--path=${matlabFolder}`,
  `--path=${supportFolder}`,
];

function findOctave(): string | undefined {
  const wanted = process.env["CAFFE_TEST_OCTAVE"];
  if (isOctave(wanted || "octave-cli")) return wanted || "octave-cli";
  if (!wanted) return undefined;
  throw new Error(`CAFFE_TEST_OCTAVE is ${wanted}. Expected ${octaveNeeds}.`);
}

function isOctave(command: string): boolean {
  const { stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
  return Number(/GNU Octave, version (\d+)/.exec(stdout ?? "")?.[1] ?? 0) >= 7;
}

/** Runs a script in a folder to its end. It is stopped after 50 s. */
export function runOctave(
  script: string,
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    if (!octave) throw new Error(`no Octave (${octaveNeeds}): skip the test.`);
    const child = execFile(
      octave,
      [...octaveArgs, script],
      { cwd, env: { ...process.env, ...env }, timeout: 50_000 },
      (_error, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }),
    );
    child.on("error", reject);
  });
}

/** What Octave has said of errors, but for what Debian's says of itself when it ends. */
export function errorsOf(stderr: string): string[] {
  return stderr.split("\n").filter((line) => /^(error|warning): (?!ignoring)/.test(line));
}
