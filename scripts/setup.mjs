// Makes a clone ready: Debian packages, npm packages, the native addons, the build.
// Each step is skipped where there is nothing to do; the reference engine serves where the addon cannot be built.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeGypSettings } from "./node-gyp-settings.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What each Debian package is needed for, by a file it installs. */
const DEBIAN = [
  { name: "g++", file: "/usr/bin/g++" },
  { name: "make", file: "/usr/bin/make" },
  { name: "python3", file: "/usr/bin/python3" },
  { name: "libdnnl-dev", file: "/usr/include/dnnl.hpp" },
  { name: "libjpeg62-turbo-dev", file: "/usr/include/jpeglib.h" },
  {
    name: "dataset-fashion-mnist",
    file: "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz",
  },
  // The software GPU and the browser of the tests.
  { name: "libvulkan1", file: "/usr/share/doc/libvulkan1" },
  { name: "chromium-common", file: "/usr/lib/chromium/vk_swiftshader_icd.json" },
  { name: "chromium", file: "/usr/bin/chromium" },
  // Peers of tests and benchmarks, which leave out what needs them where they are missing.
  { name: "python3-opencv", file: "/usr/share/doc/python3-opencv" },
  { name: "python3-lmdb", file: "/usr/share/doc/python3-lmdb" },
  { name: "python3-plyvel", file: "/usr/share/doc/python3-plyvel" },
  // What the tests of python/ use. Without scikit-image: 418 MB, and numbers are the same without it.
  { name: "python3-numpy", file: "/usr/share/doc/python3-numpy" },
  { name: "python3-protobuf", file: "/usr/share/doc/python3-protobuf" },
  { name: "python3-pil", file: "/usr/share/doc/python3-pil" },
  { name: "python3-pydot", file: "/usr/share/doc/python3-pydot" },
  { name: "python3-pip", file: "/usr/share/doc/python3-pip" },
  { name: "graphviz", file: "/usr/bin/dot" },
  // Runs programs of MATLAB in tests.
  { name: "octave", file: "/usr/bin/octave-cli" },
];

/** Lets several processes train one net; wanted by `npm run setup -- --mpi`. */
const MPI = [
  { name: "libopenmpi-dev", file: "/usr/lib/x86_64-linux-gnu/openmpi/include/mpi.h" },
  { name: "openmpi-bin", file: "/usr/bin/mpirun" },
];
const wantsMpi = process.argv.includes("--mpi");

const done = [];
const skipped = [];

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
  });
  return !error && status === 0;
}

/** Newest change of the files below a folder. */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isOlder(target, ...sources) {
  if (!existsSync(join(ROOT, target))) return true;
  const made = statSync(join(ROOT, target)).mtimeMs;
  return sources.some((source) => newest(join(ROOT, source)) > made);
}

function step(name, isNeeded, work) {
  if (!isNeeded) skipped.push(name);
  else if (work()) done.push(name);
  else return false;
  return true;
}

function debianPackages() {
  const wanted = [...DEBIAN, ...(wantsMpi ? MPI : [])];
  const missing = wanted.filter(({ file }) => !existsSync(file)).map(({ name }) => name);
  step("Debian packages", missing.length > 0, () => {
    const isRoot = process.getuid?.() === 0;
    if (isRoot && existsSync("/usr/bin/apt-get")) {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      run("apt-get", ["update", "-qq"], env);
      if (run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], env))
        return true;
    }
    console.log(`missing Debian packages: ${missing.join(" ")}`);
    console.log(`install them with: sudo apt-get install ${missing.join(" ")}`);
    return false;
  });
}

debianPackages();
const hasPackages = step(
  "npm packages",
  isOlder("node_modules/.package-lock.json", "package-lock.json"),
  () => {
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
    return run("npm", ["ci", ...quiet]) || run("npm", ["install", ...quiet]);
  },
);
if (!hasPackages) process.exit(1);

const addons = [
  ["build/Release/caffe_native.node", "the reference engine serves"],
  ["build/Release/caffe_images.node", "sharp decodes JPEG, more slowly"],
  ["build/Release/caffe_bridge.node", "Python and Octave cannot use the engine"],
];
if (spawnSync("mpicc", ["-show"]).status === 0) {
  addons.push(["build/Release/caffe_mpi.node", "mpirun cannot train with several processes"]);
}
const isMissing = ([file]) => isOlder(file, "native", "binding.gyp");
// Each is built even where the other cannot be.
step("native addons", addons.some(isMissing), () =>
  run("npm", ["run", "--silent", "build:native"], { ...nodeGypSettings(), MAKEFLAGS: "-k" }),
);
for (const [file, instead] of addons.filter(isMissing)) {
  console.log(`${file} could not be built: ${instead}.`);
}

const isCompiled = step(
  "TypeScript",
  isOlder(
    "dist/.built",
    ..."src dashboard proto wasm tsconfig.json scripts/bundle.ts scripts/carry-hdf5.ts".split(" "),
  ),
  () => run("npm", ["run", "--silent", "build"]),
);
if (done.length > 0) console.log(`set up: ${done.join(", ")}`);
if (skipped.length > 0) console.log(`nothing to do for: ${skipped.join(", ")}`);
process.exit(isCompiled ? 0 : 1);
