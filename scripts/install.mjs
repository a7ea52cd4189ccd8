// Runs when the package is installed elsewhere: builds the native addons for this machine. It never
// fails the install: without them the reference engine serves.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { nodeHeaders } from "./node-headers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
// In a clone, npm run setup does this, and more.
if (!existsSync(fileURLToPath(new URL("../tsconfig.json", import.meta.url)))) {
  let gyp;
  try {
    gyp = createRequire(import.meta.url).resolve("node-gyp/bin/node-gyp.js");
  } catch {
    gyp = undefined;
  }
  const { status } = gyp
    ? spawnSync(process.execPath, [gyp, "rebuild", "--silent"], {
        cwd: root,
        env: { ...process.env, ...nodeHeaders(), MAKEFLAGS: "-k" },
        stdio: "ignore",
      })
    : { status: 1 };
  if (status !== 0) {
    console.log(
      "caffe-ts: the native engine or its JPEG decoder could not be built; the reference engine and sharp serve. They need g++, make, python3, oneDNN and libjpeg-turbo (on Debian: apt-get install g++ make python3 libdnnl-dev libjpeg62-turbo-dev), then npm rebuild caffe-ts.",
    );
  }
}
