import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished } from "vitest";

/**
 * An empty folder, which is removed with all that is in it: after the test that asks for it, or after all tests of the
 * file or `describe` where it is asked for outside of tests.
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "caffe-test-"));
  const isInTest = expect.getState().currentTestName !== undefined;
  (isInTest ? onTestFinished : afterAll)(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
