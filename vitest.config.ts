import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "caffe-ts": new URL("./src/index.ts", import.meta.url).pathname } },
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/global-setup.ts"],
    setupFiles: ["tests/support/setup.ts"],
    pool: "forks",
    // By default one core is left to vitest itself: on two cores one file would run at a time.
    maxWorkers: "100%",
    testTimeout: 60_000,
    // Bits that tests compare must not hang on what a busy machine finds fastest; tests of the choice make their own.
    env: { CAFFE_TUNE: "off" },
  },
});
