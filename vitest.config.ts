import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "caffe-ts": new URL("./src/index.ts", import.meta.url).pathname } },
  test: {
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/support/setup.ts"],
    pool: "forks",
    testTimeout: 60_000,
  },
});
