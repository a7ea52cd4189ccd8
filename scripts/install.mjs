// Runs when the package is installed elsewhere: builds the native addons for this machine, where no prebuilt package has them,
// or `npm install --build-from-source` asks for it. It never fails the install: without them the CPU's other engines serve,
// and the first net that is made warns of it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { describeLibrary } from "../native/libraries.mjs";
import { nodeGypSettings } from "./node-gyp-settings.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const say = (line) => console.log(`caffe-ts: ${line}`);

/** Whether a prebuilt package has the addons in a form that this processor takes. */
async function isPrebuilt() {
  const { loadAddonFile } = await import("../dist/addons/addon-file.js");
  try {
    for (const name of ["caffe_native", "caffe_images"]) loadAddonFile(name);
    return true;
  } catch {
    return false;
  }
}

/** npm's own node-gyp, or one that is installed beside this package. */
function nodeGyp() {
  const npms = process.env.npm_config_node_gyp;
  if (npms && existsSync(npms)) return npms;
  try {
    return createRequire(import.meta.url).resolve("node-gyp/bin/node-gyp.js");
  } catch {
    return undefined;
  }
}

function build() {
  const gyp = nodeGyp();
  if (!gyp) return "node-gyp is not there, which npm brings";
  say(
    `found ${describeLibrary("onednn")}; ${describeLibrary("jpeg")}. Building for this processor ...`,
  );
  const { status, stderr } = spawnSync(process.execPath, [gyp, "rebuild", "--silent"], {
    cwd: root,
    env: { ...process.env, ...nodeGypSettings(), MAKEFLAGS: "-k" },
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status === 0) return undefined;
  const why = stderr.split("\n").find((line) => /error/i.test(line));
  return why?.trim() ?? `node-gyp ends with ${status}`;
}

// In a clone, npm run setup does this, and more.
if (!existsSync(fileURLToPath(new URL("../tsconfig.json", import.meta.url)))) {
  const isAsked = process.env.npm_config_build_from_source === "true";
  if (!isAsked && (await isPrebuilt())) {
    say("the prebuilt addons of this platform serve; nothing is compiled.");
  } else {
    let failure;
    try {
      failure = build();
    } catch (error) {
      failure = error.message;
    }
    if (failure) {
      say(
        `not every addon could be built (${failure}). They need a C++ compiler, make, python3, oneDNN 2 or 3 and libjpeg-turbo: docs/install.md has the commands for each system. Then: npm rebuild caffe-ts --foreground-scripts`,
      );
    } else say("the addons are built.");
  }
}
