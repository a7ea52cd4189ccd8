import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished } from "vitest";

/**
 * An empty folder, which is removed with all that is in it: after the test that asks for it, or after all tests of the
 * file or `describe` where it is asked for outside of tests.
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "caffe-test-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    onTestFinished(remove);
  } catch {
    // Outside of a test that is refused.
    afterAll(remove);
  }
  return folder;
}
