// docs/python.md: its set-up, its programs and its command are run as a reader runs them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { python, pythonFolder, pythonNeeds, runPython } from "../support/python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const page = readFileSync("docs/python.md", "utf8");
const blocksOf = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, text = ""]) => text,
  );
const [setUp = "", check = ""] = blocksOf("sh");
const [trains = "", layer = ""] = blocksOf("python");

const folder = temporaryFolder();
const bin = temporaryFolder();

beforeAll(() => {
  writeFileSync(join(folder, "scaling.py"), layer);
  writeFileSync(join(folder, "scaled.prototxt"), blocksOf("prototxt")[0] ?? "");
  symlinkSync(resolve("bin/caffe"), join(bin, "caffe"));
});

/** What a shell says that finds `caffe` on PATH. */
function shell(text: string): { status: number | null; stdout: string; stderr: string } {
  const { PYTHONPATH: _, ...env } = process.env;
  return spawnSync("bash", ["-e"], {
    cwd: folder,
    input: text,
    encoding: "utf8",
    env: {
      ...env,
      PATH: [bin, env["PATH"]].join(delimiter),
      CAFFE_PYTHON: python,
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
}

test("the set-up leads Python to the module", () => {
  const { stdout } = shell(`${setUp}echo "$PYTHONPATH"`);
  expect(stdout.trim()).toBe(pythonFolder);
});

describe.skipIf(!python)(`with ${pythonNeeds}`, () => {
  test("the program trains", async () => {
    writeFileSync(join(folder, "circle.py"), trains);
    const { status, stdout, stderr } = await runPython(["circle.py"], { cwd: folder });
    expect(status, stderr).toBe(0);
    const [, loss, right] = /^loss (\S+), right (\d+) of 32$/.exec(stdout.trim()) ?? [];
    expect(Number(loss)).toBeLessThan(0.35);
    expect(Number(right)).toBeGreaterThan(26);
    expect(existsSync(join(folder, "circle.caffemodel"))).toBe(true);
  });

  test("the layer runs where caffe is imported, and is the net's object", async () => {
    const program = `
import caffe
net = caffe.Net("scaled.prototxt", caffe.TEST)
print(net.forward(data=[[1, 2, 3], [4, 5, 6]])["scaled"].tolist(), type(net.layers[1]).__name__)
`;
    const { stdout } = await runPython(["-c", program], { cwd: folder });
    expect(stdout.trim()).toBe("[[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]] Scaling");
  });

  test("the command runs it too", () => {
    const { status, stderr } = shell(check);
    expect(stderr).toContain("scaled (Python): 7 elements");
    expect(status).toBe(0);
  });
});
