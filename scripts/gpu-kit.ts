// Makes the folder that measures a GPU on a machine where nothing is installed: npm run gpu:kit [-- FOLDER]
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { BATCHES } from "../bench/gpu/kit/batches.ts";

/** Recorded results that need no databases. */
const CASES = ["layers", "nets", "solvers"];
/** What Node, Dawn and drivers load by name, beside the system's C library. */
const LIBRARIES = ["libvulkan.so.1", "libstdc++.so.6", "libgcc_s.so.1"];
const MOST_BYTES = 60 * 2 ** 20;

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder = join(root, "gpu-kit")] = process.argv.slice(2).map((path) => resolve(path));
if (process.platform !== "linux") throw new Error("the kit is for Linux, and made there");
if (existsSync(folder) && readdirSync(folder).length > 0) {
  throw new Error(`${folder} is there, and not empty. Expected a folder that can be filled.`);
}
const program = join(folder, "program");
const sources = join(root, "bench/gpu/kit");
const dawn = dirname(fileURLToPath(import.meta.resolve("webgpu")));

for (const one of [join(program, "lib"), join(program, "webgpu"), join(folder, "nets")]) {
  mkdirSync(one, { recursive: true });
}
await build({
  entryPoints: [join(sources, "main.ts")],
  ...{ outfile: join(program, "main.mjs"), bundle: true, format: "esm", platform: "node" },
  ...{ target: "node20", logLevel: "error", external: ["webgpu", "sharp", "tsx"] },
  // Packages in CommonJS ask for Node's own modules.
  banner: {
    js: 'import { createRequire as req } from "node:module"; const require = req(import.meta.url);',
  },
});
packed(process.execPath, join(program, "node.gz"));
packed(join(dawn, "dist", `linux-${process.arch}`, "dawn.node"), join(program, "dawn.node.gz"));
for (const file of ["index.js", "package.json", "LICENSE.md"]) {
  copyFileSync(join(dawn, file), join(program, "webgpu", file));
}
for (const name of LIBRARIES) copyFileSync(systemLibrary(name), join(program, "lib", name));
writeFileSync(join(program, "arch"), `${process.arch}\n`);
copyFileSync(join(sources, "torch_cuda.py"), join(program, "torch_cuda.py"));
for (const net of Object.keys(BATCHES)) {
  copyFileSync(
    join(root, "bench/nets", `${net}.prototxt`),
    join(folder, "nets", `${net}.prototxt`),
  );
}
for (const group of CASES) {
  cpSync(join(root, "tests/golden/cases", group), join(folder, "cases", group), {
    recursive: true,
  });
}
for (const file of ["run.sh", "README.md"]) copyFileSync(join(sources, file), join(folder, file));
copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
chmodSync(join(folder, "run.sh"), 0o755);

const bytes = sizeOf(folder);
console.log(`${folder}: ${(bytes / 2 ** 20).toFixed(1)} MiB. It is run by its run.sh.`);
if (bytes > MOST_BYTES) {
  throw new Error(
    `the kit is larger than ${MOST_BYTES / 2 ** 20} MiB. Expected strip (binutils) to be there.`,
  );
}

/** Writes a program or an addon without its symbols, packed. */
function packed(file: string, to: string): void {
  const scratch = mkdtempSync(join(tmpdir(), "gpu-kit-"));
  try {
    const copy = join(scratch, "stripped");
    copyFileSync(file, copy);
    try {
      execFileSync("strip", [copy], { stdio: "ignore" });
    } catch {
      console.error(`${file} keeps its symbols: there is no strip here.`);
    }
    writeFileSync(to, gzipSync(readFileSync(copy), { level: 9 }));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Where the system has a library. */
function systemLibrary(name: string): string {
  const text = execFileSync("/sbin/ldconfig", ["-p"], { encoding: "utf8" });
  const kind = process.arch === "x64" ? "x86-64" : "AArch64";
  const line = text.split("\n").find((one) => one.includes(`${name} (`) && one.includes(kind));
  const path = line?.split("=> ")[1];
  if (path === undefined) {
    throw new Error(
      `${name} is not on this machine. Debian has it in ${name.startsWith("libvulkan") ? "libvulkan1" : "libstdc++6 and libgcc-s1"}.`,
    );
  }
  return path;
}

function sizeOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
