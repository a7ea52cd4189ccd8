// The engine's process beside Octave's: it ends with it, and Ctrl-C in Octave leaves both usable.
import { type ChildProcess, spawn } from "node:child_process";
import { expect, onTestFinished, test, vi } from "vitest";
import { caffe } from "../support/cli.ts";
import { isLong } from "../support/long.ts";
import { matlabFolder, octave, octaveArgs, octaveNeeds } from "../support/octave.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const FIND_ENGINE =
  "[~, list] = system(sprintf('ps -o pid= -o args= --ppid %d', getpid())); id = regexp(list, '(\\d+) [^\\n]*bin/caffe bridge', 'tokens', 'once'); disp(['engine ' id{1}])";

/** Octave at its prompt: `say` types a line, `said` waits until the screen shows what matches. */
function startOctave(): {
  child: ChildProcess;
  say: (line: string) => void;
  said: (pattern: RegExp) => Promise<string>;
} {
  const child = spawn(octave ?? "", [...octaveArgs, "--interactive"], {
    cwd: temporaryFolder(),
    stdio: ["pipe", "pipe", "ignore"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let screen = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
  });
  return {
    child,
    say: (line) => child.stdin?.write(`${line}\n`),
    said: (pattern) =>
      vi.waitFor(
        () => {
          const found = pattern.exec(screen);
          if (!found) throw new Error(`Octave has not said ${pattern}: ${screen}`);
          return found[1] ?? "";
        },
        { timeout: 20_000, interval: 20 },
      ),
  };
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!octave || !isLong)(`an engine ends with its Octave (${octaveNeeds})`, async () => {
  for (const end of ["exit", "SIGKILL"] as const) {
    const { child, say, said } = startOctave();
    say(`net = caffe.Net(small_net('net.prototxt'), 'test'); ${FIND_ENGINE}`);
    const engine = Number(await said(/^.*engine (\d+)/m));
    expect(isRunning(engine)).toBe(true);
    if (end === "exit") say("exit");
    else child.kill(end);
    await vi.waitFor(() => expect(isRunning(engine)).toBe(false), { timeout: 10_000 });
  }
});

test.skipIf(!octave)(`Ctrl-C leaves the conversation whole (${octaveNeeds})`, async () => {
  const { child, say, said } = startOctave();
  say(
    "net = caffe.Net(small_net('net.prototxt'), 'test'); x = ones(5, 4, 3, 2); disp(['be' 'gun'])",
  );
  await said(/begun/);
  for (const round of [1, 2, 3]) {
    say(`disp(['lo' 'op${round}']); while true, res = net.forward({x}); end`);
    await said(new RegExp(`loop${round}`));
    child.kill("SIGINT");
    // What is typed before the interrupt is seen is thrown away.
    await vi.waitFor(
      async () => {
        say(`disp(['al' 'ive${round}'])`);
        await new Promise((done) => setTimeout(done, 100));
        await said(new RegExp(`alive${round}`));
      },
      { timeout: 20_000 },
    );
    say(
      `res = net.forward({2 * x}); assert(double(net.blobs('data').get_data()), 2 * x); disp(['fi' 'ne${round}'])`,
    );
    await said(new RegExp(`fine${round}`));
  }
  say("exit");
});

test("caffe matlab_path names the package's folder", () => {
  const { status, stdout } = caffe(["matlab_path"]);
  expect(status).toBe(0);
  expect(stdout).toBe(`${matlabFolder}\n`);
});
