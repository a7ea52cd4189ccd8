import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FOLDER = "wasm";
const MODULE = "src/engines/wasm/module.ts";
const OPTIONS = ["--runtime", "stub", "--importMemory", "--enable", "simd", "-O3", "--noAssert"];
/** What a processor multiplies and adds at once, where the runtime knows that. */
const FUSED = ["--enable", "relaxed-simd"];

/**
 * The loops of wasm/, compiled, as a constant of a module: a bundler, a page and every other runtime find it without being
 * told. Compiling takes some seconds, so it is done where the sources or the compiler are others than last time.
 */
export function wasmFiles(): Record<string, string> {
  const head = `// Made from the sources in wasm/ by npm run gen:code; change them. ${digest()}\n`;
  const before = existsSync(MODULE) ? readFileSync(MODULE, "utf8") : "";
  if (before.startsWith(head)) return { [MODULE]: before };
  const compiler = findCompiler();
  if (compiler === undefined) {
    console.error(
      "assemblyscript is missing: there is no wasm engine until npm install brings it.",
    );
    return { [MODULE]: 'export const compiled = "";\nexport const fused = "";\n' };
  }
  const [plain, fused] = [[], FUSED].map((more) => compile(compiler, more).toString("base64"));
  return {
    [MODULE]: `${head}
/** The compiled module, in base64. */
export const compiled =
  "${plain}";

/** The same for runtimes with relaxed SIMD: products are multiplied and added at once. */
export const fused =
  "${fused}";
`,
  };
}

function digest(): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(FOLDER).sort()) hash.update(readFileSync(join(FOLDER, file)));
  const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  hash.update(devDependencies.assemblyscript);
  return hash
    .update([...OPTIONS, ...FUSED].join())
    .digest("hex")
    .slice(0, 16);
}

function findCompiler(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
  } catch {
    return undefined;
  }
}

function compile(compiler: string, more: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "caffe-wasm-"));
  try {
    const file = join(folder, "module.wasm");
    const own = [join(FOLDER, "index.ts"), "--outFile", file, "--use", "abort="];
    const args = [compiler, ...own, ...OPTIONS, ...more];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${FOLDER}/ cannot be compiled:\n${stderr}`);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
