// Compiles the native addon with each oneDNN that is given, beside the usual build, trains a small net with it, and runs the
// native engine's tests:
//
//     npm run check:onednn -- [ROOT ...]
//
// A root has `include` and `lib`, as `ONEDNN_ROOT` is; without any, this system's own oneDNN is taken, and the source that
// `npm run prebuilt` compiles, where it has been compiled.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describeLibrary } from "../native/libraries.mjs";
import { buildAddons } from "./prebuilt/addons.ts";
import { run } from "./prebuilt/run.ts";
import { rootOf, SOURCES } from "./prebuilt/sources.ts";

const compiled = rootOf(SOURCES.onednn);
const given = process.argv.slice(2).map((root) => resolve(root));
const roots = given.length > 0 ? given : [undefined, ...(existsSync(compiled) ? [compiled] : [])];
for (const root of roots) {
  if (root) process.env["ONEDNN_ROOT"] = root;
  console.log(describeLibrary("onednn"));
  const folder = buildAddons("native", {});
  const env = { CAFFE_ADDONS: folder, CAFFE_TUNE: "off" };
  run(process.execPath, ["--import", "tsx", "scripts/prebuilt/check.ts"], { env });
  run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "tests/engines/native"], { env });
}
