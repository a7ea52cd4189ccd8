// The tests of layers and engines with an addon that AddressSanitizer and UndefinedBehaviorSanitizer watch:
//
//     npm run test:asan [-- TESTS...]
//
// The addon is built into build-asan, beside the usual one. Whatever a sanitizer finds ends the tests with its report.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "build-asan");
const sanitizers = "-fsanitize=address,undefined";

/** Ends with the command's exit code where that is not 0. */
function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): void {
  const { status } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (status !== 0) process.exit(status ?? 1);
}

mkdirSync(folder, { recursive: true });
for (const name of ["binding.gyp", "native", "node_modules", "package.json"]) {
  if (!existsSync(join(folder, name))) symlinkSync(join("..", name), join(folder, name));
}
run("npx", ["node-gyp", existsSync(join(folder, "build")) ? "build" : "rebuild"], {
  cwd: folder,
  env: {
    ...process.env,
    CXXFLAGS: `${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1`,
    LDFLAGS: sanitizers,
  },
});

const library = execFileSync("g++", ["-print-file-name=libasan.so"], { encoding: "utf8" }).trim();
const tests = process.argv.slice(2);
run(
  "npx",
  ["vitest", "run", ...(tests.length > 0 ? tests : ["tests/layers", "tests/engines/native"])],
  {
    cwd: root,
    env: {
      ...process.env,
      LD_PRELOAD: library,
      // Node gives its memory back at its end or never. A test measures how little a run keeps, so little is quarantined.
      ASAN_OPTIONS: "detect_leaks=0:quarantine_size_mb=8",
      UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1",
      CAFFE_TUNE: "off",
      // Without the addon nothing would be watched, and all would pass.
      REQUIRE_ENGINES: "native",
      NODE_OPTIONS: `--require ${join(root, "scripts/asan-addon.cjs")}`,
    },
  },
);
