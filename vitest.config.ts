import { configDefaults, defineConfig } from "vitest/config";

/** Tests of these folders leave nothing behind in their process: many files share one, and the modules they load. */
const tidy = [
  ..."bindings blob bridge cli dashboard docs doctor draw engines/native engines/wasm explain float-images fuzz golden http".split(
    " ",
  ),
  ..."inference io layers/* models monitor net net-spec new-run onnx page quantize report run-record serve".split(
    " ",
  ),
  ..."solvers syncedmem tensorboard util zoo".split(" "),
].map((folder) => `tests/${folder}/**/*.test.ts`);
// The test of the registry lets all nets of its process know a type.
tidy.push("tests/layers/!(registry).test.ts");

/** Tests that share a process too, but with none that measures memory: a GPU's device stays in it. */
const onGpu = ["tests/engines/webgpu/**/*.test.ts"];

const here = (file: string): string => new URL(file, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: "caffe-ts", replacement: here("./src/index.ts") },
      { find: /^\.\/library-here\.ts$/, replacement: here("./tests/support/library-here.ts") },
    ],
  },
  test: {
    globalSetup: ["tests/support/global-setup.ts"],
    setupFiles: ["tests/support/setup.ts"],
    pool: "forks",
    // By default one core is left to vitest itself: on two cores one file would run at a time.
    maxWorkers: "100%",
    testTimeout: 60_000,
    // Bits that tests compare must not hang on what a busy machine finds fastest; tests of the choice make their own.
    // Nor may a training leave a record in the repository.
    env: { CAFFE_TUNE: "off", CAFFE_RUN: "off" },
    projects: [
      { extends: true, test: { name: "tidy", include: tidy, isolate: false } },
      { extends: true, test: { name: "webgpu", include: onGpu, isolate: false } },
      {
        extends: true,
        test: {
          name: "apart",
          include: ["tests/**/*.test.ts", "dashboard/tests/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...tidy, ...onGpu],
        },
      },
    ],
  },
});
