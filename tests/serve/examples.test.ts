// The commands of docs/serving.md, as a shell runs them.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { modelFiles, served } from "./served.ts";

test("every command of docs/serving.md is answered", async () => {
  await using serving = await served(modelFiles());
  const page = readFileSync("docs/serving.md", "utf8");
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
  expect(blocks.length).toBeGreaterThan(2);
  const cwd = temporaryFolder();
  for (const block of blocks) {
    const there = block.replaceAll("localhost:8000", serving.url.replace("http://", ""));
    const script = there.replaceAll("curl ", "curl --silent --show-error --fail-with-body ");
    const { stdout } = await promisify(execFile)("bash", ["-ec", script], { cwd });
    expect(stdout, block).toMatch(/"(ready|outputs)":/);
  }
});
