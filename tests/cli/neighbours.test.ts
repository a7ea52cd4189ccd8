import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { hasEnded, processSpace } from "../../src/cli/neighbours.ts";

test.skipIf(!existsSync("/proc/self"))(
  "a process has ended once it is gone, or waits to be asked how",
  async () => {
    expect(processSpace()).toMatch(/^[0-9a-f-]{36} pid:\[\d+\]$/);
    expect(hasEnded(process.pid)).toBe(false);
    // The shell becomes a program that does not ask for the status of its child.
    const parent = spawn("sh", ["-c", "sleep 0.05 & echo $!; exec sleep 30"]);
    const [text] = (await once(parent.stdout, "data")) as [Buffer];
    const child = Number(text.toString());
    await expect.poll(() => hasEnded(child)).toBe(true);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    expect(hasEnded(parent.pid as number)).toBe(true);
  },
);
