// Makes the package of prebuilt addons of the platform it runs on, build-prebuilt/caffe-ts-PLATFORM-VERSION.tgz:
//
//     npm run prebuilt
//
// oneDNN and libjpeg-turbo are compiled from their sources, once, below ~/.cache/caffe-ts/prebuilt (CAFFE_PREBUILT_CACHE names
// another folder, CAFFE_PREBUILT_JOBS the compilers that run at once). ONEDNN_ROOT or JPEG_ROOT name compiled ones to take instead.
// Compiling takes cmake, and nasm on x64. On Linux the package runs with the C library of the machine that it was made on, or a
// newer one: make it on an old system.
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeLibrary } from "../../native/libraries.mjs";
import { buildAddons } from "./addons.ts";
import { carryLibraries, glibcNeeded } from "./carry.ts";
import { copyLicences, manifestOf, readmeOf, sizeOf } from "./package-files.ts";
import { PLATFORMS } from "./platforms.ts";
import { output, run } from "./run.ts";
import { shareOnednn } from "./share-onednn.ts";
import { type Compiled, compiled, SOURCES } from "./sources.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OUT = join(ROOT, "build-prebuilt");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  version: string;
};

const isMusl =
  process.platform === "linux" &&
  !(process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
    .glibcVersionRuntime;
const platform = `${process.platform}-${process.arch}${isMusl ? "-musl" : ""}`;
if (!(platform in PLATFORMS)) {
  throw new Error(
    `there is no package for ${platform}. Expected ${Object.keys(PLATFORMS).join(", ")}.`,
  );
}

/** A compiled library that a variable names, or that is compiled here. */
async function library(name: keyof typeof SOURCES, variable: string): Promise<Compiled> {
  const root = process.env[variable];
  if (!root) return await compiled(SOURCES[name]);
  console.log(describeLibrary(name));
  const copyrights = process.env[`${variable}_LICENCES`];
  return { title: SOURCES[name].title, version: "", root, licences: copyrights?.split(":") ?? [] };
}

// First, for it takes a minute to tell that there is no assembler, and oneDNN many to compile.
const jpeg = await library("jpeg", "JPEG_ROOT");
const found = await library("onednn", "ONEDNN_ROOT");
// Elsewhere it is linked into each addon, for there the OpenMP that it takes is a part of what it is linked into, and two of those
// in a process do not agree.
const isShared = process.platform === "linux" && !process.env["ONEDNN_ROOT"];
const onednn = isShared ? shareOnednn(found, join(OUT, "onednn")) : found;

const folder = join(OUT, platform);
rmSync(folder, { recursive: true, force: true });
const levels = process.arch === "x64" ? ["x86-64-v3", "x86-64-v4"] : ["."];
const addons: string[] = [];
for (const level of levels) {
  const built = buildAddons(level, { onednn: onednn.root, jpeg: jpeg.root });
  for (const name of readdirSync(built).filter((file) => file.endsWith(".node"))) {
    // It has no loops for one processor or another.
    const place = name === "caffe_bridge.node" ? folder : join(folder, level);
    mkdirSync(place, { recursive: true });
    copyFileSync(join(built, name), join(place, name));
    addons.push(join(place, name));
  }
}
const carried = carryLibraries(addons, [onednn.root, jpeg.root], join(folder, "lib"));

writeFileSync(
  join(folder, "package.json"),
  `${JSON.stringify(manifestOf(platform, version), null, 2)}\n`,
);
const glibc = glibcNeeded(folder);
copyFileSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
const licences = copyLicences([onednn, jpeg], folder);
writeFileSync(
  join(folder, "README.md"),
  readmeOf({ platform, onednn, jpeg, carried, glibc, licences }),
);

// The addons are loaded from the package alone, by what has just been packed.
run(process.execPath, ["--import", "tsx", join(ROOT, "scripts/prebuilt/check.ts")], {
  cwd: ROOT,
  env: { CAFFE_ADDONS: folder },
});
const packed = output(process.platform === "win32" ? "npm.cmd" : "npm", [
  "pack",
  folder,
  "--pack-destination",
  OUT,
  "--silent",
]);
const file = join(OUT, packed.trim().split("\n").at(-1) as string);
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
console.log(
  `${file}: ${mib(statSync(file).size)} packed, ${mib(sizeOf(folder))} unpacked${glibc ? `, for glibc ${glibc} and newer` : ""}`,
);
if (carried.length > 0) console.log(`it carries ${carried.join(", ")}`);
