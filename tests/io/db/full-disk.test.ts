// Databases on a disk that fills up.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLmdb } from "../../../src/io/db/lmdb/create.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const MiB = 2 ** 20;
const run = (...command: readonly string[]): boolean =>
  spawnSync(command[0] as string, command.slice(1)).status === 0;

/** Whether this process may mount a small disk. */
const mayMount = ((): boolean => {
  const folder = temporaryFolder();
  const isMounted = run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder);
  if (isMounted) run("umount", folder);
  return isMounted;
})();

describe.skipIf(!mayMount)("an LMDB on a disk that fills up", () => {
  let disk = "";
  beforeEach(() => {
    disk = temporaryFolder();
    run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk);
  });
  afterEach(() => {
    run("umount", "-l", disk);
  });

  test.each([
    [100, 200_000],
    [1000, 20_000],
    [100_000, 200],
  ])("records of %i bytes end with the database and the disk named", async (size, count) => {
    const path = join(disk, "db");
    const writer = createLmdb(path);
    const fill = async (): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await writer.put(String(i).padStart(8, "0"), new Uint8Array(size));
      }
    };
    await expect(fill()).rejects.toThrow(
      `database "${path}" cannot be written: the disk of "${disk}" is full`,
    );
    await writer.abandon();
    expect(readdirSync(disk)).toEqual([]);
  });

  test.each([0, 8, 64])("one with %i KiB left is not begun", (left) => {
    writeFileSync(join(disk, "other"), new Uint8Array(6 * MiB - 1024 * left));
    const path = join(disk, "db");
    expect(() => createLmdb(path)).toThrow(`the disk of "${disk}" is full`);
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  test("one that fits is whole", async () => {
    const writer = createLmdb(join(disk, "db"));
    for (let i = 0; i < 500; i++) await writer.put(`${1000 + i}`, new Uint8Array(1000));
    await writer.finish();
    expect(readdirSync(disk)).toEqual(["db"]);
    expect(statfsSync(disk).bavail).toBeGreaterThan(0);
  });
});
