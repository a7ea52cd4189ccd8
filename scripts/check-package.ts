// Packs the package, installs it in empty folders with and without a compiler, and runs there what a user does:
// npm run check:package -- [FOLDER-OF-LENET]. The folder holds weights that others trained.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const lenet = resolve(process.argv[2] ?? "../shared/zoo/models/lenet-bvlc");
const folder = mkdtempSync(join(tmpdir(), "caffe-ts-package-"));
let failed = 0;

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What the command prints is shown only where it fails. */
  readonly isQuiet?: boolean;
}

/** Runs a command, says whether it is good, and gives what it printed. */
function run(
  what: string,
  command: string,
  args: readonly string[],
  { cwd = ".", env = {}, isQuiet = false }: RunOptions = {},
): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...env },
  });
  const isGood = status === 0;
  if (!isGood) failed++;
  console.log(`${isGood ? "ok    " : "FAILED"} ${what}`);
  if (!isQuiet || !isGood)
    console.log(`${stdout}${isGood ? "" : stderr}`.trim().replace(/^/gm, "       "));
  return stdout;
}

/** Compiles the README's programs where the package is installed: as `tsc --init` has it, and with every declaration looked at, without the DOM. */
function compileReadme(cwd: string): void {
  const programs = readFileSync("README.md", "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm);
  for (const [i, [, text]] of [...programs].entries()) {
    writeFileSync(join(cwd, `readme-${i}.ts`), `${text}\nexport {};\n`);
  }
  const tsc = resolve("node_modules/typescript/bin/tsc");
  run("tsc --init", process.execPath, [tsc, "--init"], { cwd, isQuiet: true });
  const compilerOptions = {
    ...{ skipLibCheck: false, lib: ["esnext"], types: ["node"] },
    typeRoots: [resolve("node_modules/@types")],
  };
  const strict = { extends: "./tsconfig.json", compilerOptions };
  writeFileSync(join(cwd, "tsconfig.strict.json"), JSON.stringify(strict));
  for (const config of ["tsconfig.json", "tsconfig.strict.json"]) {
    const args = [tsc, "-p", config, "--noEmit"];
    run(`the README's programs, compiled by ${config}`, process.execPath, args, { cwd });
  }
}

try {
  const packed = run("npm pack", "npm", ["pack", "--json", "--pack-destination", folder], {
    isQuiet: true,
  });
  const report = JSON.parse(packed.slice(packed.search(/^[[{]/m)));
  const [{ filename, size, unpackedSize, files }] = Array.isArray(report)
    ? report
    : Object.values(report);
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
  console.log(
    `       ${files.length} files, ${mib(size)} MiB packed, ${mib(unpackedSize)} MiB unpacked`,
  );
  const tarball = join(folder, filename);
  run("publint", "npx", ["publint", "run", tarball, "--strict"], { isQuiet: true });
  run("attw", "npx", ["attw", tarball, "--profile", "esm-only"], { isQuiet: true });
  for (const [what, env] of Object.entries<NodeJS.ProcessEnv>({
    "with a compiler": {},
    "without a compiler": { CC: "false", CXX: "false" },
  })) {
    const cwd = join(folder, what.replaceAll(" ", "-"));
    mkdirSync(cwd);
    writeFileSync(join(cwd, "package.json"), '{ "type": "module", "private": true }');
    const options = { cwd, env, isQuiet: true };
    run(
      `npm install, ${what}`,
      "npm",
      ["install", "--no-audit", "--no-fund", "--foreground-scripts", tarball],
      options,
    );
    cpSync("tests/package/program.mjs", join(cwd, "program.mjs"));
    run(`a user's program, ${what}`, process.execPath, ["program.mjs", lenet], { cwd });
    cpSync("tests/package/program.cjs", join(cwd, "program.cjs"));
    run(`a program that requires it, ${what}`, process.execPath, ["program.cjs"], { cwd });
    run(`caffe --version, ${what}`, "npx", ["caffe", "--version"], { cwd });
    if (env["CC"]) continue;
    compileReadme(cwd);
    for (const version of [22, 24]) {
      const prefix = join(folder, `node-${version}`);
      const args = ["install", "--no-audit", "--no-fund", "--prefix", prefix, `node@${version}`];
      run(`Node ${version} from npm`, "npm", args, { isQuiet: true });
      const node = join(prefix, "node_modules/node/bin/node");
      run(`a user's program, on Node ${version}`, node, ["program.mjs", lenet], { cwd });
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed === 0 ? "the package is good" : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
