// Builds the lmdb package for data format 1, which liblmdb 0.9 and so every Caffe database has. Its prebuilt
// binary is for format 2 and crashes on format 1, so a probe runs in a process of its own.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PROBE = `
import { open } from "lmdb";
const db = open({ path: process.argv[1], encoding: "binary", keyEncoding: "binary", noSubdir: false });
await db.put(Buffer.from("k"), Buffer.from("v"));
await db.close();
`;

/** Whether the installed lmdb writes data format 1. */
export function isFormatOne() {
  const folder = mkdtempSync(join(tmpdir(), "lmdb-probe-"));
  try {
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", PROBE, folder], {
      cwd,
    });
    if (status !== 0) return false;
    const head = Buffer.alloc(24);
    readSync(openSync(join(folder, "data.mdb"), "r"), head, 0, 24, 0);
    return head.readUInt32LE(20) === 1;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Settings that let node-gyp use the headers that came with Node, so that it need not fetch them. */
export function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include/node/node.h")) ? { npm_config_nodedir: prefix } : {};
}

/** Builds lmdb where needed; returns whether it can read Caffe's databases now. */
export function buildLmdb(log = console.log) {
  if (isFormatOne()) return true;
  log("building lmdb for data format 1 ...");
  const require = createRequire(import.meta.url);
  let places;
  try {
    // Both may lie in this package's node_modules or in those of the project that installs it.
    places = {
      gyp: require.resolve("node-gyp/bin/node-gyp.js"),
      lmdb: dirname(dirname(require.resolve("lmdb"))),
    };
  } catch (error) {
    log(`lmdb could not be built: ${error.message}. LMDB databases cannot be read.`);
    return false;
  }
  const { status, stderr } = spawnSync(process.execPath, [places.gyp, "rebuild"], {
    cwd: places.lmdb,
    env: { ...process.env, ...nodeHeaders(), npm_config_use_data_v1: "true" },
    encoding: "utf8",
  });
  if (status === 0 && isFormatOne()) return true;
  log(
    `lmdb could not be built: ${stderr?.trim().split("\n").at(-1) ?? ""}. LMDB databases cannot be read.`,
  );
  return false;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = buildLmdb() ? 0 : 1;
